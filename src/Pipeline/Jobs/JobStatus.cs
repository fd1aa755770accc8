using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>What <c>GET /api/jobs/{id}</c> says.</summary>
public sealed record JobStatus
{
    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>How far the job is.</summary>
    public required JobState State { get; init; }

    /// <summary>Images that were found so far.</summary>
    public long Discovered { get; init; }

    /// <summary>Images with detections.</summary>
    public long Detected { get; init; }

    /// <summary>Images with an error.</summary>
    public long Failed { get; init; }

    /// <summary>Images whose result was there already.</summary>
    public long Skipped { get; init; }

    /// <summary>Folder markers, and blobs that the filter or <c>onlyFailed</c> left out.</summary>
    public long Filtered { get; init; }

    /// <summary>Whether every page was listed, so that <see cref="Discovered"/> is final.</summary>
    public bool IsListed { get; init; }

    /// <summary>Detections by class name, over all results; null while the job runs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, long>? Classes { get; init; }

    /// <summary>Failures by code, over all results; null while the job runs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, long>? Failures { get; init; }

    /// <summary>Images per second since the job began; 0 before the first.</summary>
    public double ImagesPerSecond { get; init; }

    /// <summary>Seconds that the images found so far still take at this rate; null where that cannot be said.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>When the job began, in UTC.</summary>
    public required DateTimeOffset StartedUtc { get; init; }

    /// <summary>When it ended, in UTC; null while it runs.</summary>
    public DateTimeOffset? EndedUtc { get; init; }

    /// <summary>Why it ended early, or null.</summary>
    public string? Error { get; init; }

    /// <summary>The status of a job under way.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="progress">How far it is.</param>
    /// <param name="now">The time, in UTC.</param>
    public static JobStatus From(string jobId, JobProgress progress, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(progress);
        var processed = progress.CountProcessed();
        var rate = Rate(processed, (now - progress.StartedUtc).TotalSeconds);
        return new JobStatus
        {
            JobId = jobId,
            State = JobState.Running,
            Discovered = progress.Discovered,
            Detected = progress.Detected,
            Failed = progress.Failed,
            Skipped = progress.Skipped,
            Filtered = progress.Filtered,
            IsListed = progress.IsListed,
            ImagesPerSecond = rate,
            SecondsLeft = rate > 0 ? Math.Round(Math.Max(0, progress.Discovered - processed) / rate, 1) : null,
            StartedUtc = progress.StartedUtc,
        };
    }

    /// <summary>The status of a job that ended.</summary>
    /// <param name="manifest">What it came to.</param>
    public static JobStatus From(JobManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return new JobStatus
        {
            JobId = manifest.JobId,
            State = manifest.State,
            Discovered = manifest.Discovered,
            Detected = manifest.Detected,
            Failed = manifest.Failed,
            Skipped = manifest.Skipped,
            Filtered = manifest.Filtered,
            IsListed = true,
            Classes = manifest.Classes,
            Failures = manifest.Failures,
            ImagesPerSecond = manifest.ImagesPerSecond,
            SecondsLeft = 0,
            StartedUtc = manifest.StartedUtc,
            EndedUtc = manifest.EndedUtc,
            Error = manifest.Error ?? (manifest.Missing.Count > 0 ? string.Join(" ", manifest.Missing) : null),
        };
    }

    internal static double Rate(long processed, double seconds) => seconds > 0 ? Math.Round(processed / seconds, 3) : 0;
}
