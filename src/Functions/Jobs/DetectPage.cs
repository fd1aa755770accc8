using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Pipeline.Batches;
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
        var all = Task.WhenAll(batches.Select(batch => batch.Run));
        while (await Task.WhenAny(all, context.WaitForExternalEvent<string>(Cancelled)) != all)
        {
            foreach (var (id, _) in batches.Where(batch => !batch.Run.IsCompleted))
            {
                context.SendEvent(id, DetectBatch.Cancelled, string.Empty);
            }
        }

        return (await all).Aggregate(BatchCounts.None, (sum, batch) => sum.Add(batch));
    }

    /// <summary>The instance id of a page's orchestration.</summary>
    internal static string InstanceId(string jobId, int page) => $"page-{jobId}-{page}";

    private static async Task<BatchCounts> RunAsync(TaskOrchestrationContext context, BatchReference batch, Waits waits)
    {
        try
        {
            return await context.CallSubOrchestratorAsync<BatchCounts>(
                nameof(DetectBatch),
                new DetectBatchInput(batch, waits),
                new SubOrchestrationOptions(instanceId: BatchNames.InstanceId(batch.BatchId)));
        }
        catch (TaskFailedException e)
        {
            Log.BatchLost(context.CreateReplaySafeLogger(nameof(DetectPage)), batch.BatchId, e);
            return BatchCounts.None;
        }
    }
}
