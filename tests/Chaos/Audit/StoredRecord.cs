namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>A record as it lies in storage.</summary>
/// <param name="Json">The document.</param>
/// <param name="Etag">The ETag of the image that its metadata name.</param>
/// <param name="Status">The status that its metadata name.</param>
internal sealed record StoredRecord(string Json, string? Etag, string? Status);
