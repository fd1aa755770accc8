using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Workers;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>The worker: a batch of queue <c>batches</c> through the warm model, then the event to its orchestration.</summary>
public sealed class BatchQueued(BatchProcessor processor, BatchEvents events)
{
    /// <summary>Detects it.</summary>
    /// <param name="message">The queue message.</param>
    /// <param name="dequeueCount">How often it was delivered, this time included.</param>
    /// <param name="client">Raises the event.</param>
    /// <param name="cancellationToken">Cancels the operation; the message comes again.</param>
    [Function(nameof(BatchQueued))]
    public async Task RunAsync(
        [QueueTrigger("%Nanodet:Storage:BatchQueue%")] byte[] message,
        long dequeueCount,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var batch = MessageReader.ReadBatch(message);
        if (await events.IsDoneAsync(client, batch.Batch, cancellationToken))
        {
            return;
        }

        await events.RaiseAsync(client, await processor.ProcessAsync(batch, dequeueCount, cancellationToken), cancellationToken);
    }
}
