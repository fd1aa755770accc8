using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>Starts <see cref="DetectBatch"/> for images that came one by one.</summary>
/// <param name="starter">Knows the waits of new orchestrations.</param>
public sealed class BatchStarter(OrchestrationStarter starter)
{
    /// <summary>Starts the orchestration of a batch, unless it was started before.</summary>
    /// <param name="client">The durable client.</param>
    /// <param name="reference">The batch.</param>
    /// <param name="cancellationToken">Cancels the call; the orchestration may have been started.</param>
    public Task StartAsync(DurableTaskClient client, BatchReference reference, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var input = new DetectBatchInput(reference, starter.Waits);
        return OrchestrationStarter.StartOnceAsync(
            client, nameof(DetectBatch), BatchNames.InstanceId(reference.BatchId), input, cancellationToken);
    }
}
