using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>
/// A job: lists a folder page by page, keeps some pages in flight, adds up, and writes the manifest. After a number of pages it
/// continues as new, so that its history is bounded whatever the folder holds.
/// </summary>
public static class DetectFolder
{
    /// <summary>The external event that ends the job early.</summary>
    public const string Cancelled = "JobCancelled";

    /// <summary>Runs the job, or one generation of it.</summary>
    /// <param name="context">Its input is a <see cref="JobRun"/>.</param>
    /// <returns>How it ended.</returns>
    [Function(nameof(DetectFolder))]
    public static async Task<JobOutcome?> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var generation = new JobGeneration(context, context.GetInput<JobRun>()!);
        await generation.RunPagesAsync();
        if (generation.Next is { } next)
        {
            context.ContinueAsNew(next);
            return null;
        }

        return await generation.FinishAsync();
    }
}

/// <summary>The input of <see cref="DetectFolder"/>: where the job stands. References and counts, never images.</summary>
/// <param name="Job">The job.</param>
/// <param name="Waits">Waits and retries: settings of the start, so that a replay sees the same.</param>
/// <param name="PagesPerGeneration">Pages after which the history is cut.</param>
/// <param name="Progress">The pages before.</param>
/// <param name="Token">Where the listing goes on; null at its start.</param>
public sealed record JobRun(JobDefinition Job, Waits Waits, int PagesPerGeneration, JobProgress Progress, string? Token = null);

/// <summary>The custom status of <see cref="DetectFolder"/>.</summary>
/// <param name="Progress">What is counted: whole pages.</param>
/// <param name="PagesInFlight">Pages that are not in it yet; each has its counts so far as its own custom status.</param>
public sealed record JobView(JobProgress Progress, IReadOnlyList<int> PagesInFlight);

/// <summary>How a job ended, small enough for a history; the whole is in its manifest.</summary>
/// <param name="State">How it ended.</param>
/// <param name="Error">Why it ended early, or null.</param>
public sealed record JobOutcome(JobState State, string? Error);
