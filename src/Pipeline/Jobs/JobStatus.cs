namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>What <c>GET /api/jobs/{id}</c> says.</summary>
public sealed record JobStatus
{
    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>One of <see cref="JobStates"/>.</summary>
    public required string State { get; init; }

    /// <summary>Images that were found so far.</summary>
    public long Discovered { get; init; }

    /// <summary>Images with detections.</summary>
    public long Detected { get; init; }

    /// <summary>Images with an error.</summary>
    public long Failed { get; init; }

    /// <summary>Images whose result was there already.</summary>
    public long Skipped { get; init; }

    /// <summary>Blobs that the filter or <c>onlyFailed</c> left out.</summary>
    public long Filtered { get; init; }

    /// <summary>Whether every page was listed, so that <see cref="Discovered"/> is final.</summary>
    public bool IsListed { get; init; }

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
    public static JobStatus From(string jobId, JobProgress progress, DateTimeOffset now) => throw new NotImplementedException();

    /// <summary>The status of a job that ended.</summary>
    public static JobStatus From(JobManifest manifest) => throw new NotImplementedException();
}
