using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>One page of a job: its batches side by side. Its history holds one start and one end for each batch.</summary>
public static class DetectPage
{
    /// <summary>The external event that ends the wait of the page's batches.</summary>
    public const string Cancelled = "PageCancelled";

    /// <summary>Runs the page.</summary>
    /// <param name="context">Its input is a <see cref="PageRun"/>.</param>
    /// <returns>The sum over its batches. A batch that failed for good, or was cancelled, is missing in it.</returns>
    [Function(nameof(DetectPage))]
    public static async Task<BatchCounts> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var input = context.GetInput<PageRun>()!;
        var batches = input.Page.Split(input.Job)
            .Select(batch => (Id: BatchNames.InstanceId(batch.BatchId), Run: RunAsync(context, batch, input.Waits)))
            .ToArray();
        var cancelled = context.WaitForExternalEvent<string>(Cancelled);
        while (true)
        {
            var counts = Sum(batches.Select(batch => batch.Run));
            context.SetCustomStatus(counts);
            var running = batches.Where(batch => !batch.Run.IsCompleted).ToArray();
            if (running.Length == 0)
            {
                return counts;
            }

            await Task.WhenAny([cancelled, .. running.Select(batch => batch.Run)]);
            if (cancelled.IsCompleted)
            {
                cancelled = context.WaitForExternalEvent<string>(Cancelled);
                Array.ForEach(running, batch => context.SendEvent(batch.Id, DetectBatch.Cancelled, string.Empty));
            }
        }
    }

    /// <summary>The instance id of a page's orchestration.</summary>
    internal static string InstanceId(string jobId, int page) => $"page-{jobId}-{page}";

    private static BatchCounts Sum(IEnumerable<Task<BatchCounts>> runs) =>
        runs.Where(run => run.IsCompletedSuccessfully).Aggregate(BatchCounts.None, (sum, run) => sum.Add(run.Result));

    private static async Task<BatchCounts> RunAsync(TaskOrchestrationContext context, BatchReference batch, Waits waits)
    {
        try
        {
            return await context.CallSubOrchestratorAsync<BatchCounts>(
                nameof(DetectBatch),
                new DetectBatchInput(batch, waits),
                new SubOrchestrationOptions(instanceId: BatchNames.InstanceId(batch.BatchId)));
        }
        catch (TaskFailedException exception)
        {
            Log.BatchLost(context.CreateReplaySafeLogger(nameof(DetectPage)), batch.BatchId, exception);
            return BatchCounts.None;
        }
    }
}

/// <summary>The input of <see cref="DetectPage"/>.</summary>
/// <param name="Job">The job.</param>
/// <param name="Page">The page.</param>
/// <param name="Waits">Waits and retries of its batches.</param>
public sealed record PageRun(JobDefinition Job, JobPage Page, Waits Waits);
