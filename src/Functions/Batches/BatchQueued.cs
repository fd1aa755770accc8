using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Workers;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>The worker: a batch of queue <c>batches</c> through the warm model, then the event to its orchestration.</summary>
/// <param name="processor">Detects batches.</param>
/// <param name="staging">Has the results of finished batches.</param>
/// <param name="begun">Has the marks of begun batches.</param>
/// <param name="events">Tells orchestrations.</param>
/// <param name="logger">The log.</param>
public sealed class BatchQueued(
    BatchProcessor processor, BatchStaging staging, BegunBatches begun, BatchEvents events, ILogger<BatchQueued> logger)
{
    /// <summary>
    /// Detects it. While storage or the durable engine fails, its message comes again two times; then the batch is left to its
    /// orchestration, which queues it again after its wait, for as long as it takes. Given up by the queue, all of its images would become
    /// failures for what none of them has done.
    /// </summary>
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
        try
        {
            if (await events.IsDoneAsync(client, batch.Batch, cancellationToken))
            {
                // A worker may have staged it after its job had given it up, and died before it could tell; or died before it had staged
                // it, and left its mark. Nobody else looks for either.
                await events.RaiseAsync(client, await staging.FindAsync(batch.Batch, cancellationToken), cancellationToken);
                await begun.ForgetAsync(batch.Batch, cancellationToken);
                return;
            }

            await events.RaiseAsync(client, await processor.ProcessAsync(batch, dequeueCount, cancellationToken), cancellationToken);
        }
        catch (Exception exception) when (
            dequeueCount >= BatchProcessor.ManyDeliveries && PassingFault.Is(exception, cancellationToken))
        {
            Log.BatchLeftToTheWait(logger, batch.Batch.BatchId, dequeueCount, exception);
        }
    }
}
