using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>
/// One batch, from its queue message to its results. A worker that is away only delays it: the batch is queued again under the
/// same id, with growing pauses, as often as it takes.
/// </summary>
public static class DetectBatch
{
    /// <summary>The external event that ends the wait for a worker; what is detected already is still written.</summary>
    public const string Cancelled = "BatchCancelled";

    /// <summary>Rounds of queueing and waiting before the history is cut.</summary>
    internal const int RoundsPerGeneration = 8;

    /// <summary>Runs the batch.</summary>
    /// <param name="context">Its input is a <see cref="DetectBatchInput"/>.</param>
    /// <returns>What became of the images; zeros when the batch was cancelled.</returns>
    [Function(nameof(DetectBatch))]
    public static async Task<BatchCounts> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var input = context.GetInput<DetectBatchInput>()!;
        var options = ActivityPolicy.From(input.Waits);
        var raised = context.WaitForExternalEvent<BatchDetected>(BatchDetected.EventName);
        var cancelled = context.WaitForExternalEvent<string>(Cancelled);

        var round = input.Round;
        for (; round < input.Round + RoundsPerGeneration; round++)
        {
            await context.CallActivityAsync(BatchActivities.Queue, new BatchMessage { Batch = input.Batch, Attempt = round + 1 }, options);
            await WaitAsync(context, input.Waits.After(round), raised, cancelled);
            var detected = await TakeAsync(raised);
            if (detected is null)
            {
                var found = await context.CallActivityAsync<BatchAnswer?>(BatchActivities.Find, input.Batch, options);
                if (found?.Counts is { } written)
                {
                    return written;
                }

                detected = found?.Detected ?? await TakeAsync(raised);
            }

            if (detected is not null)
            {
                return await context.AskAsync(
                    BatchActivities.Write,
                    new WriteDetectionsInput(input.Batch, detected),
                    options,
                    (BatchAnswer answer) => answer.Counts,
                    $"batch {input.Batch.BatchId}");
            }

            if (cancelled.IsCompleted)
            {
                return BatchCounts.None;
            }
        }

        // Neither event has come: the next generation waits for both again. Should one be lost on its way, that one finds the staging blob.
        context.ContinueAsNew(input with { Round = round });
        return BatchCounts.None;
    }

    /// <summary>The event, if it has come by now; it may come while storage is asked, too.</summary>
    private static async Task<BatchDetected?> TakeAsync(Task<BatchDetected> raised) => raised.IsCompletedSuccessfully ? await raised : null;

    /// <summary>Waits for the event, until its time is over or nobody wants it any longer.</summary>
    private static async Task WaitAsync(TaskOrchestrationContext context, TimeSpan wait, Task raised, Task cancelled)
    {
        using var stop = new CancellationTokenSource();
        await Task.WhenAny(raised, cancelled, context.CreateTimer(wait, stop.Token));

        // A timer that is left running would keep a message in the control queue.
        stop.Cancel();
    }
}

/// <summary>The input of <see cref="DetectBatch"/>.</summary>
/// <param name="Batch">The images, by reference.</param>
/// <param name="Waits">How long to wait, and how often to try: settings of the start, so that a replay sees the same.</param>
/// <param name="Round">How often the batch was queued before this generation of the instance.</param>
public sealed record DetectBatchInput(BatchReference Batch, Waits Waits, int Round = 0);
