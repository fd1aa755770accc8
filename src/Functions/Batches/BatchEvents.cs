using Grpc.Core;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>Events to orchestrations of batches.</summary>
public sealed class BatchEvents(DetectionWriter writer)
{
    /// <summary>
    /// Tells the orchestration that its batch is detected. One that has ended, or that nobody knows any more, needs no telling: the
    /// engine refuses the event with FailedPrecondition or NotFound, and that is success. Its results are written here: other batches may
    /// have skipped images because of them.
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
            await writer.WriteLateAsync(detected, cancellationToken);
        }
    }
}
