namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>A content that an image had, or has.</summary>
/// <param name="Etag">Its ETag without quotes.</param>
/// <param name="Code">The failure code that it has to get; null for detections.</param>
internal sealed record UploadedContent(string Etag, string? Code);
