namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>How a job ended: the input of the activity <c>WriteManifest</c>.</summary>
/// <param name="Job">The job.</param>
/// <param name="Progress">What was counted.</param>
/// <param name="State">How it ended; what its orchestration believes.</param>
/// <param name="EndedUtc">When, in UTC.</param>
/// <param name="Error">Why it ended early; null for a completed job.</param>
/// <param name="Outputs">What was exported; null where nothing was asked for.</param>
public sealed record JobEnd(
    JobDefinition Job,
    JobProgress Progress,
    JobState State,
    DateTimeOffset EndedUtc,
    string? Error = null,
    IReadOnlyList<JobOutput>? Outputs = null);
