using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>
/// One batch, from its queue message to its results. A worker that is away only delays it: the batch is queued again under the
/// same id, with growing pauses, as often as it takes.
/// </summary>
public static class DetectBatch
{
    /// <summary>The external event of a worker that has detected the batch; carries a <see cref="Pipeline.Messages.BatchDetected"/>.</summary>
    public const string Detected = nameof(BatchDetected);

    /// <summary>The external event that ends the wait for a worker; what is detected already is written.</summary>
    public const string Cancelled = "BatchCancelled";

    /// <summary>Rounds of queueing and waiting before the history is cut.</summary>
    private const int RoundsPerGeneration = 8;

    /// <summary>Runs the batch.</summary>
    /// <param name="context">Its input is a <see cref="DetectBatchInput"/>.</param>
    /// <returns>What became of the images; zeros when the batch was cancelled.</returns>
    [Function(nameof(DetectBatch))]
    public static async Task<BatchCounts> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var input = context.GetInput<DetectBatchInput>()!;
        var options = Activities.Options(input.Waits);
        var raised = context.WaitForExternalEvent<BatchDetected>(Detected);
        var cancelled = context.WaitForExternalEvent<string>(Cancelled);

        for (var attempt = input.Attempt; attempt < input.Attempt + RoundsPerGeneration; attempt++)
        {
            await context.CallActivityAsync(nameof(QueueBatch), new BatchMessage(input.Batch, attempt), options);
            var detected = await WaitAsync(context, input.Waits.After(attempt), raised, cancelled)
                ?? await context.CallActivityAsync<BatchDetected?>(nameof(FindStaging), input.Batch, options);
            if (detected is not null)
            {
                return await context.CallActivityAsync<BatchCounts>(nameof(WriteDetections), input.Batch, options);
            }

            if (cancelled.IsCompleted)
            {
                return new BatchCounts(0, 0, 0);
            }
        }

        context.ContinueAsNew(input with { Attempt = input.Attempt + RoundsPerGeneration });
        return new BatchCounts(0, 0, 0);
    }

    /// <summary>The event, or null when it did not come in time or nobody waits for it any longer.</summary>
    private static async Task<BatchDetected?> WaitAsync(
        TaskOrchestrationContext context, TimeSpan wait, Task<BatchDetected> raised, Task cancelled)
    {
        using var stop = new CancellationTokenSource();
        await Task.WhenAny(raised, cancelled, context.CreateTimer(wait, stop.Token));

        // A timer that is left running would keep a message in the control queue. Not CancelAsync: it would leave the orchestrator's thread.
#pragma warning disable CA1849
        stop.Cancel();
#pragma warning restore CA1849
        return raised.IsCompletedSuccessfully ? await raised : null;
    }
}
