using System.Text.Json.Serialization;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>What a job came to: <c>jobs/&lt;jobId&gt;/manifest.json</c>.</summary>
public sealed record JobManifest
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = ImageMessage.CurrentSchemaVersion;

    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>How far the job is.</summary>
    public required JobState State { get; init; }

    /// <summary>Why it ended early, or null.</summary>
    public string? Error { get; init; }

    /// <summary>What was asked for.</summary>
    public required JobDefinition Request { get; init; }

    /// <summary>Images that were found; the sum of the next four.</summary>
    public required long Discovered { get; init; }

    /// <summary>Images with detections.</summary>
    public required long Detected { get; init; }

    /// <summary>Images with an error.</summary>
    public required long Failed { get; init; }

    /// <summary>Images whose result was there already.</summary>
    public required long Skipped { get; init; }

    /// <summary>Images that a job which ended early did not come to; 0 in a completed one.</summary>
    public required long Unprocessed { get; init; }

    /// <summary>Folder markers, and blobs that the filter or <c>onlyFailed</c> left out; not part of <see cref="Discovered"/>.</summary>
    public required long Filtered { get; init; }

    /// <summary>Pages that were listed.</summary>
    public required int Pages { get; init; }

    /// <summary>The model of the results, as the first of them says it; null when there is none.</summary>
    public ResultModel? Model { get; init; }

    /// <summary>What ran the model, as the first result says it; null when there is none.</summary>
    public string? Provider { get; init; }

    /// <summary>Detections by class name, over all lines of results; null in manifests of versions that did not count.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, long>? Classes { get; init; }

    /// <summary>Failures by code, over all lines of results; null in manifests of versions that did not count.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, long>? Failures { get; init; }

    /// <summary>
    /// Every model, form and precision that computed a line, most images first; null in manifests of versions that did not count.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<JobModel>? Models { get; init; }

    /// <summary>What the images that this job detected cost; null in manifests of versions that did not count.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JobCost? Cost { get; init; }

    /// <summary>When it began, in UTC.</summary>
    public required DateTimeOffset StartedUtc { get; init; }

    /// <summary>When it ended, in UTC.</summary>
    public required DateTimeOffset EndedUtc { get; init; }

    /// <summary>How long it took, in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Processed images per second.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>NDJSON blobs in container <c>jobs</c>, in order; together one line for each image, skipped ones included.</summary>
    public required IReadOnlyList<string> Results { get; init; }

    /// <summary>The results in the formats that were asked for; absent where none was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<JobOutput>? Outputs { get; init; }

    /// <summary>What does not add up, in words; empty unless the state is <see cref="JobState.Inconsistent"/>.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];
}
