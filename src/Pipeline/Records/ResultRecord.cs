using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Pipeline.Records;

/// <summary>What the metadata of a result blob say.</summary>
/// <param name="Identity">The result's identity; null for a failure without one.</param>
/// <param name="ImageEtag">ETag of the image that it is about; null when it was not known.</param>
/// <param name="Status">What became of the image; null for a blob of somebody else.</param>
/// <param name="Error">The code of a failure; null for detections, and for a record of an app that did not write it yet.</param>
/// <param name="ImageModified">When the content that it is about was written, in UTC and whole seconds; null when not known.</param>
/// <param name="Etag">ETag of the result blob itself.</param>
internal sealed record ResultRecord(
    string? Identity, string? ImageEtag, DetectionStatus? Status, string? Error, DateTimeOffset? ImageModified, Azure.ETag Etag);
