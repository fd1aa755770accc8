using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Pipeline.JobEnds;

/// <summary>The data of the event <c>Nanodet.JobEnded</c>: the manifest in short, and where it is.</summary>
internal sealed record JobEndData
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = 1;

    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>How it ended.</summary>
    public required JobState State { get; init; }

    /// <summary>Why it ended early, or null.</summary>
    public required string? Error { get; init; }

    /// <summary>Images that were found.</summary>
    public required long Discovered { get; init; }

    /// <summary>Images with detections.</summary>
    public required long Detected { get; init; }

    /// <summary>Images with an error.</summary>
    public required long Failed { get; init; }

    /// <summary>Images whose result was there already.</summary>
    public required long Skipped { get; init; }

    /// <summary>Images that a job which ended early did not come to.</summary>
    public required long Unprocessed { get; init; }

    /// <summary>How long it took, in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Failures by code.</summary>
    public required IReadOnlyDictionary<string, long>? Failures { get; init; }

    /// <summary>What it cost.</summary>
    public required JobCost? Cost { get; init; }

    /// <summary>The manifest's blob; reading it needs access to the account.</summary>
    public required Uri ManifestUrl { get; init; }
}
