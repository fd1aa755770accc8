using Nanodet.Serverless.Functions.Batches;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The input of <see cref="DetectFolder"/>: where the job stands. References and counts, never images.</summary>
/// <param name="JobId">The job; its request is a blob.</param>
/// <param name="Limits">Sizes and waits: settings of the start, so that a replay sees the same.</param>
/// <param name="StartedUtc">When the job was accepted.</param>
/// <param name="ErrorThreshold">When to give up: a count, a percentage such as <c>5%</c>, or -1 for never.</param>
/// <param name="NextPage">Number of the next page, from 0.</param>
/// <param name="ContinuationToken">Where the listing goes on; null at its start.</param>
/// <param name="Counts">The pages before.</param>
public sealed record JobRun(
    string JobId,
    JobLimits Limits,
    DateTimeOffset StartedUtc,
    string ErrorThreshold,
    int NextPage,
    string? ContinuationToken,
    JobCounts Counts);
