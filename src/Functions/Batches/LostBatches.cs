using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Pipeline.Batches;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>
/// Looks after lists of batches that stay. A host that dies between the engine's start message and the instance's row leaves a list that
/// nobody takes, and a message that the engine puts back for ever, because it waits for that row. The images come again by their own
/// messages, in another group. Starting the batch once more gives the message its row, and finds the images done. A batch that failed, or
/// that somebody ended, is started again, too: its results may wait in staging, and other batches skip images because of them. A list
/// whose batch was finished is removed.
/// </summary>
/// <param name="lists">The lists.</param>
/// <param name="starter">Starts batches.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Says what was started.</param>
public sealed class LostBatches(BatchLists lists, BatchStarter starter, TimeProvider time, ILogger<LostBatches> logger)
{
    /// <summary>Lists that one call looks at, each with a request. Of lists there are as many as batches under way.</summary>
    private const int Most = 200;

    /// <summary>A younger list may be about to be started.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    /// <summary>A batch that fails again and again is started as often in the end.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    private readonly BoundedRound _round = new(Most);

    /// <summary>
    /// Looks at lists, and goes on in the next call where this one ended. What fails is left to the next round.
    /// </summary>
    /// <param name="client">The durable client.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task RunAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        await _round.RunAsync(
            lists.FindAsync(time.GetUtcNow() - Grace, cancellationToken),
            list => list.BatchId,
            list => LookAsync(client, list.BatchId, list.WrittenUtc, cancellationToken),
            (list, exception) => Log.LostBatchLeft(logger, list.BatchId, exception),
            cancellationToken);
    }

    private async Task LookAsync(DurableTaskClient client, string batchId, DateTimeOffset written, CancellationToken cancellationToken)
    {
        var instance = await client.GetInstanceAsync(BatchNames.InstanceId(batchId), getInputsAndOutputs: false, cancellationToken);
        if (instance?.RuntimeStatus == OrchestrationRuntimeStatus.Completed)
        {
            await lists.RemoveAsync(batchId, cancellationToken);
        }
        else if (instance is null && await lists.ReferAsync(batchId, cancellationToken) is { } batch)
        {
            await starter.StartAsync(client, batch, cancellationToken);
            Log.LostBatchStarted(logger, batchId, batch.Count);
        }
        else if (instance is { IsCompleted: true } && IsDue(written, instance.LastUpdatedAt))
        {
            await StartAgainAsync(client, batchId, instance, cancellationToken);
        }
    }

    /// <summary>
    /// Whether the age of a batch has doubled since it failed: what mends itself soon is tried soon, and nothing all the time.
    /// </summary>
    private bool IsDue(DateTimeOffset written, DateTimeOffset failed)
    {
        var pause = failed - written;
        pause = pause < Grace ? Grace : pause > LongestPause ? LongestPause : pause;
        return time.GetUtcNow() - failed >= pause;
    }

    private async Task StartAgainAsync(
        DurableTaskClient client, string batchId, OrchestrationMetadata instance, CancellationToken cancellationToken)
    {
        if (await lists.ReferAsync(batchId, cancellationToken) is { } batch)
        {
            var failed = await client.GetInstanceAsync(instance.InstanceId, getInputsAndOutputs: true, cancellationToken);
            await starter.StartAsync(client, batch, cancellationToken);
            Log.FailedBatchStarted(
                logger, batchId, batch.Count, instance.RuntimeStatus, failed?.FailureDetails?.ErrorMessage ?? "no reason is known");
        }
    }
}
