using Grpc.Core;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>Events to orchestrations of batches.</summary>
internal static class BatchEvents
{
    /// <summary>
    /// Tells the orchestration that its batch is detected. One that has ended, or that nobody knows any more, needs no telling: the
    /// engine refuses the event with FailedPrecondition or NotFound, and that is success.
    /// </summary>
    public static async Task RaiseAsync(this DurableTaskClient client, BatchDetected? detected, CancellationToken cancellationToken)
    {
        if (detected is null)
        {
            return;
        }

        try
        {
            await client.RaiseEventAsync(BatchNames.InstanceId(detected.BatchId), BatchDetected.EventName, detected, cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.FailedPrecondition or StatusCode.NotFound)
        {
        }
    }
}
