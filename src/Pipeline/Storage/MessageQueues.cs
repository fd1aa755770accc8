using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Puts messages on the app's queues.</summary>
public sealed class MessageQueues
{
    /// <summary>Queues an image.</summary>
    public Task SendImageAsync(ImageMessage message, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Queues a batch: the activity <c>QueueBatch</c>.</summary>
    public Task SendBatchAsync(BatchMessage message, CancellationToken cancellationToken) => throw new NotImplementedException();
}
