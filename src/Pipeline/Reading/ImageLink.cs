namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>An address from which an image can be read for a short time, by whoever has it.</summary>
/// <param name="Url">The address.</param>
/// <param name="ExpiresUtc">Until when, in UTC.</param>
public sealed record ImageLink(Uri Url, DateTimeOffset ExpiresUtc);
