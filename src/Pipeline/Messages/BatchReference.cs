using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>A batch, by reference: a part of a list of images in container <c>staging</c>.</summary>
public sealed record BatchReference
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = ImageMessage.CurrentSchemaVersion;

    /// <summary>URL-safe and unique; the same for a replay.</summary>
    public required string BatchId { get; init; }

    /// <summary>Name of the list in container <c>staging</c>: NDJSON of <see cref="ImageMessage"/>.</summary>
    public required string Blob { get; init; }

    /// <summary>Lines of the list before the first image.</summary>
    public int Offset { get; init; }

    /// <summary>How many images, at least 1.</summary>
    public required int Count { get; init; }

    /// <summary>The bulk job, or null.</summary>
    public string? JobId { get; init; }

    /// <summary>The page of the bulk job, from 0; 0 without a job.</summary>
    public int Page { get; init; }

    /// <summary>Name in container <c>jobs</c> of the NDJSON that takes the results; null without a job.</summary>
    public string? Results { get; init; }

    /// <summary>How to detect; null for the app's settings.</summary>
    public DetectionRequestOptions? Options { get; init; }

    /// <summary>Detect images even where a result of the same identity is there.</summary>
    public bool Force { get; init; }

    /// <summary>Pictures of the images that are detected; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BatchPictures? Pictures { get; init; }

    /// <summary>W3C trace context of whoever formed the batch, or null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Traceparent { get; init; }
}
