using Grpc.Core;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>Events to orchestrations of batches.</summary>
/// <param name="writer">Writes the results of batches whose orchestrations have ended.</param>
/// <param name="logger">The log.</param>
public sealed class BatchEvents(DetectionWriter writer, ILogger<BatchEvents> logger)
{
    /// <summary>
    /// Tells the orchestration that its batch is detected. One that has ended, or that nobody knows any more, needs no telling: the
    /// engine refuses the event with FailedPrecondition or NotFound, and that is success. Its results are written here: other batches may
    /// have skipped images because of them. The engine also refuses the event for an instance whose state it has not stored yet, or could
    /// not store when storage failed. That one goes on, so its staging blob stays: it looks for it when its wait is over. The orchestration
    /// of a job's batch is always one of those while the job goes on, unless it is known to have ended: without its staging blob the job
    /// would lack the batch's lines. An upload's batch has none.
    /// </summary>
    /// <param name="client">The durable client.</param>
    /// <param name="detected">The event; null when there is nothing to tell.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task RaiseAsync(DurableTaskClient client, BatchDetected? detected, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (detected is null)
        {
            return;
        }

        try
        {
            await client.RaiseEventAsync(BatchNames.InstanceId(detected.BatchId), BatchDetected.EventName, detected, cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.FailedPrecondition or StatusCode.NotFound)
        {
            if (await IsOverAsync(client, detected, exception.StatusCode, cancellationToken))
            {
                await writer.WriteLateAsync(detected, cancellationToken);
            }
            else
            {
                Log.EventLeftToTheWait(logger, detected.BatchId, exception.Status.Detail);
            }
        }
    }

    /// <summary>
    /// Whether a message is about a batch of a job that was done meanwhile. It may have come again, or have been queued again after a host
    /// died. The lines of the job are written, and to detect its images once more, perhaps with another model, would change the records
    /// beside them. The list of any other batch is gone when it is done.
    /// </summary>
    /// <param name="client">The durable client.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<bool> IsDoneAsync(DurableTaskClient client, BatchReference batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.JobId is null)
        {
            return false;
        }

        if (!await IsSureAsync(
            client,
            BatchNames.InstanceId(batch.BatchId),
            found => found?.RuntimeStatus == OrchestrationRuntimeStatus.Completed,
            cancellationToken))
        {
            return false;
        }

        Log.BatchDone(logger, batch.BatchId);
        return true;
    }

    /// <summary>Whether nobody waits any more for a batch whose event was refused.</summary>
    private async Task<bool> IsOverAsync(
        DurableTaskClient client, BatchDetected detected, StatusCode refusal, CancellationToken cancellationToken)
    {
        var instance = BatchNames.InstanceId(detected.BatchId);
        return BatchNames.FindJob(detected.StagingBlob) is { } job
            ? await IsSureAsync(client, instance, found => found is { IsCompleted: true }, cancellationToken)
                || await IsSureAsync(client, JobStore.InstanceId(job), found => found is not { IsCompleted: false }, cancellationToken)
            : refusal == StatusCode.NotFound
                || await IsSureAsync(client, instance, found => found is not { IsCompleted: false }, cancellationToken);
    }

    /// <summary>
    /// Whether something is certain of an instance, which is null where nobody knows it. What cannot be told is not: results that wait, and
    /// images that are detected again, do no harm.
    /// </summary>
    private async Task<bool> IsSureAsync(
        DurableTaskClient client, string instance, Func<OrchestrationMetadata?, bool> condition, CancellationToken cancellationToken)
    {
        try
        {
            return condition(await client.GetInstanceAsync(instance, getInputsAndOutputs: false, cancellationToken));
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A state that was stored in part can fail to be read in as many ways as it has parts.
            Log.InstanceUnreadable(logger, instance, exception);
            return false;
        }
    }
}
