using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>Puts a batch on the workers' queue.</summary>
public sealed class QueueBatch(MessageQueues queues)
{
    /// <summary>Queues it.</summary>
    [Function(nameof(QueueBatch))]
    public Task RunAsync([ActivityTrigger] BatchMessage message, CancellationToken cancellationToken) =>
        queues.SendBatchAsync(message, cancellationToken);
}
