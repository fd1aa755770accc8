using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

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
