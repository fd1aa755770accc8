using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Workers;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>The worker: a batch of queue <c>batches</c> through the warm model, then the event to its orchestration.</summary>
public sealed class BatchQueued(BatchProcessor processor, BatchEvents events)
{
    /// <summary>Detects it.</summary>
    [Function(nameof(BatchQueued))]
    public async Task RunAsync(
        [QueueTrigger("%Nanodet:Storage:BatchQueue%")] byte[] message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        await events.RaiseAsync(
            client, await processor.ProcessAsync(MessageReader.ReadBatch(message), cancellationToken), cancellationToken);
}
