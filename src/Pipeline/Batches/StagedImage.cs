using System.Text.Json.Serialization;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>What became of one image of a batch: a line of a staging blob.</summary>
internal sealed record StagedImage
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = ImageMessage.CurrentSchemaVersion;

    /// <summary>The container.</summary>
    public required string Container { get; init; }

    /// <summary>The blob's name.</summary>
    public required string Name { get; init; }

    /// <summary>The result's identity; null where there is none, as when the blob is gone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Identity { get; init; }

    /// <summary>The result; null for a skipped image.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DetectionResult? Result { get; init; }

    /// <summary>
    /// For a skipped image: the staging blob in which its result waited for being written; null when its record was there already.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Waiting { get; init; }

    /// <summary>When the content that the result is about was written, in UTC; null when that is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Modified { get; init; }

    /// <summary>W3C trace context of the image, or null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Traceparent { get; init; }

    [JsonIgnore]
    internal bool IsDetected => Result?.Status == DetectionStatus.Detected;

    [JsonIgnore]
    internal bool IsFailed => Result?.Status == DetectionStatus.Failed;
}
