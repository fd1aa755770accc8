using Nanodet.Detection.Postprocessing;

namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>A content that an image had, or has.</summary>
/// <param name="Etag">Its ETag without quotes.</param>
/// <param name="Code">The failure code that it has to get; null for detections.</param>
/// <param name="Answers">What each model detects in it, by SHA-256 of the model; null where that is not compared.</param>
internal sealed record UploadedContent(
    string Etag, string? Code, IReadOnlyDictionary<string, IReadOnlyList<DetectedObject>>? Answers = null);
