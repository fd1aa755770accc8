using Nanodet.Serverless.Functions.Batches;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The sizes of a job's parts.</summary>
/// <param name="PageSize">Images in a page.</param>
/// <param name="BatchSize">Images in a batch.</param>
/// <param name="PagesInFlight">Pages that run at the same time.</param>
/// <param name="PagesPerGeneration">Pages after which the history is cut.</param>
/// <param name="Waits">Waits and retries.</param>
public sealed record JobLimits(int PageSize, int BatchSize, int PagesInFlight, int PagesPerGeneration, Waits Waits);
