using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Puts messages on the app's queues. They never expire: an outage may last longer than a queue's default of a week.</summary>
/// <param name="clients">The account.</param>
/// <param name="options">The queues' names.</param>
public sealed class MessageQueues(StorageClients clients, IOptions<StorageOptions> options)
{
    private static readonly TimeSpan Never = TimeSpan.FromSeconds(-1);

    /// <summary>Queues an image.</summary>
    /// <param name="message">The image.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task SendImageAsync(ImageMessage message, CancellationToken cancellationToken) =>
        SendAsync(options.Value.ImageQueue, message, PipelineJson.Default.ImageMessage, cancellationToken);

    /// <summary>Queues a batch: the activity <c>QueueBatch</c>.</summary>
    /// <param name="message">The batch.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task SendBatchAsync(BatchMessage message, CancellationToken cancellationToken) =>
        SendAsync(options.Value.BatchQueue, message, PipelineJson.Default.BatchMessage, cancellationToken);

    private async Task SendAsync<T>(string queue, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        await clients.Queues.GetQueueClient(queue).SendMessageAsync(
            BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(message, type)),
            timeToLive: Never,
            cancellationToken: cancellationToken).ConfigureAwait(false);
}
