using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>A batch that failed too often: its images become failures, so that its orchestration ends.</summary>
public sealed class BatchPoisoned(PoisonWriter poison, BatchEvents events)
{
    /// <summary>Ends it.</summary>
    [Function(nameof(BatchPoisoned))]
    public async Task RunAsync(
        [QueueTrigger("%Nanodet:Storage:BatchQueue%-poison")] byte[] message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        await events.RaiseAsync(client, await poison.WriteBatchAsync(message, cancellationToken), cancellationToken);
}
