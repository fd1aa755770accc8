using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The input of <see cref="DetectFolder"/>: where the job stands. References and counts, never images.</summary>
/// <param name="Job">The job.</param>
/// <param name="Waits">Waits and retries: settings of the start, so that a replay sees the same.</param>
/// <param name="PagesPerGeneration">Pages after which the history is cut.</param>
/// <param name="Progress">The pages before.</param>
/// <param name="Token">Where the listing goes on; null at its start.</param>
public sealed record JobRun(JobDefinition Job, Waits Waits, int PagesPerGeneration, JobProgress Progress, string? Token = null);
