using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The input of <see cref="DetectPage"/>.</summary>
/// <param name="Job">The job.</param>
/// <param name="Page">The page.</param>
/// <param name="Waits">Waits and retries of its batches.</param>
public sealed record PageRun(JobDefinition Job, JobPage Page, Waits Waits);
