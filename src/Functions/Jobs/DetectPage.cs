using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>One page of a job: its batches side by side. Its history holds one start and one end for each batch.</summary>
public static class DetectPage
{
    /// <summary>The external event that ends the page's waiting batches.</summary>
    public const string Cancelled = "PageCancelled";

    /// <summary>Runs the page.</summary>
    /// <param name="context">Its input is a <see cref="DetectPageInput"/>.</param>
    /// <returns>The sum over its batches. A batch that failed for good is missing in it.</returns>
    [Function(nameof(DetectPage))]
    public static async Task<BatchCounts> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var input = context.GetInput<DetectPageInput>()!;
        var batches = Split(input.Page, input.BatchSize).Select(batch => (batch.BatchId, Run: RunAsync(context, batch, input.Waits))).ToArray();
        var all = Task.WhenAll(batches.Select(batch => batch.Run));
        while (await Task.WhenAny(all, context.WaitForExternalEvent<string>(Cancelled)) != all)
        {
            foreach (var (batchId, _) in batches.Where(batch => !batch.Run.IsCompleted))
            {
                context.SendEvent(batchId, DetectBatch.Cancelled, string.Empty);
            }
        }

        return (await all).Aggregate(
            new BatchCounts(0, 0, 0),
            (sum, batch) => new BatchCounts(sum.Detected + batch.Detected, sum.Failed + batch.Failed, sum.Skipped + batch.Skipped));
    }

    /// <summary>The batches of a page, each a part of its list.</summary>
    internal static IEnumerable<BatchReference> Split(BatchReference page, int batchSize)
    {
        for (var offset = 0; offset < page.Count; offset += batchSize)
        {
            yield return page with
            {
                BatchId = $"{page.BatchId}-b{offset / batchSize:D4}",
                Offset = page.Offset + offset,
                Count = Math.Min(batchSize, page.Count - offset),
            };
        }
    }

    private static async Task<BatchCounts> RunAsync(TaskOrchestrationContext context, BatchReference batch, Waits waits)
    {
        try
        {
            return await context.CallSubOrchestratorAsync<BatchCounts>(
                nameof(DetectBatch), new DetectBatchInput(batch, waits), new SubOrchestrationOptions(instanceId: batch.BatchId));
        }
        catch (TaskFailedException e)
        {
            Log.BatchLost(context.CreateReplaySafeLogger(nameof(DetectPage)), batch.BatchId, e);
            return new BatchCounts(0, 0, 0);
        }
    }
}
