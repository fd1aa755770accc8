using System.Text.Json.Serialization;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>A job with nothing left open: the input of its orchestration, and <c>jobs/&lt;jobId&gt;/request.json</c>.</summary>
public sealed record JobDefinition
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = ImageMessage.CurrentSchemaVersion;

    /// <summary>URL-safe; later jobs have greater ids.</summary>
    public required string JobId { get; init; }

    /// <summary>The container of the images.</summary>
    public required string Container { get; init; }

    /// <summary>Only blobs whose name begins so; empty for all.</summary>
    public required string Prefix { get; init; }

    /// <summary>See <see cref="JobRequest.Filter"/>.</summary>
    public string? Filter { get; init; }

    /// <summary>How to detect; null for the app's settings.</summary>
    public DetectionRequestOptions? Options { get; init; }

    /// <summary>Detect images even where a result of the same identity is there.</summary>
    public bool Force { get; init; }

    /// <summary>See <see cref="JobRequest.OnlyFailed"/>.</summary>
    public bool OnlyFailed { get; init; }

    /// <summary>See <see cref="JobRequest.IncludeCrashed"/>.</summary>
    public bool IncludeCrashed { get; init; }

    /// <summary>See <see cref="JobRequest.FailureCodes"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TextList? FailureCodes { get; init; }

    /// <summary>See <see cref="JobRequest.OnlyRetryable"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OnlyRetryable { get; init; }

    /// <summary>The list of the images, a blob in container <c>jobs</c>; null for those of the container.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? List { get; init; }

    /// <summary>The list's ETag when the job was asked for: a list that is overwritten would be another job.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ListEtag { get; init; }

    /// <summary>See <see cref="JobRequest.Outputs"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TextList? Outputs { get; init; }

    /// <summary>See <see cref="JobRequest.Pictures"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BatchPictures? Pictures { get; init; }

    /// <summary>See <see cref="JobRequest.Webhook"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Webhook { get; init; }

    /// <summary>When to end the job early.</summary>
    public required ErrorThreshold ErrorThreshold { get; init; }

    /// <summary>Blobs that are listed at a time, 1 to 5000.</summary>
    public required int PageSize { get; init; }

    /// <summary>Pages that are worked on at the same time, 1 to 64.</summary>
    public required int PagesInFlight { get; init; }

    /// <summary>The most images of a batch, 1 to 1000.</summary>
    public required int BatchSize { get; init; }

    /// <summary>When it was asked for, in UTC.</summary>
    public required DateTimeOffset CreatedUtc { get; init; }

    /// <summary>W3C trace context of whoever asked for it, or null; the job's batches go on with it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Traceparent { get; init; }
}
