using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>Puts messages on the app's queues. They never expire: an outage may last longer than a queue's default of a week.</summary>
/// <param name="clients">The account.</param>
/// <param name="options">The queues' names.</param>
/// <param name="time">The clock.</param>
public sealed class MessageQueues(StorageClients clients, IOptions<StorageOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Never = TimeSpan.FromSeconds(-1);

    /// <summary>How long a message that was put back is hidden.</summary>
    public static TimeSpan PutBackPause { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Queues an image.</summary>
    /// <param name="message">The image.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task SendImageAsync(ImageMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        using var activity = TraceContext.Start("nanodet.image.queue", ActivityKind.Producer, message.Traceparent);
        activity?.SetTag("nanodet.image.name", message.Name);
        var sent = message with { Traceparent = activity?.Id ?? message.Traceparent, QueuedUtc = time.GetUtcNow() };
        await SendAsync(options.Value.ImageQueue, sent, MessageJson.Default.ImageMessage, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Queues an image again that could not be taken now: it is seen after <see cref="PutBackPause"/>.</summary>
    /// <param name="message">The image, with its stamp: it stays the same request.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task PutBackAsync(ImageMessage message, CancellationToken cancellationToken) => PutBackAsync(
        options.Value.ImageQueue,
        BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Default.ImageMessage)),
        cancellationToken);

    /// <summary>Queues an event again that could not be taken now: it is seen after <see cref="PutBackPause"/>.</summary>
    /// <param name="body">The event, decoded.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task PutEventBackAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        PutBackAsync(options.Value.EventQueue, BinaryData.FromBytes(body), cancellationToken);

    /// <summary>Queues a batch: the activity <c>QueueBatch</c>.</summary>
    /// <param name="message">The batch.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task SendBatchAsync(BatchMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        using var activity = TraceContext.Start("nanodet.batch.queue", ActivityKind.Producer, message.Batch.Traceparent);
        activity?.SetTag("nanodet.batch.id", message.Batch.BatchId);
        activity?.SetTag("nanodet.batch.attempt", message.Attempt);
        var batch = activity is null ? message.Batch : message.Batch with { Traceparent = activity.Id };
        var sent = message with { Batch = batch, QueuedUtc = time.GetUtcNow() };
        await SendAsync(options.Value.BatchQueue, sent, MessageJson.Default.BatchMessage, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>When the oldest message that waits on the queue of images or of batches was put there.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Null when both are empty. A message that somebody works on is not seen.
    /// </returns>
    public async Task<DateTimeOffset?> FindOldestWaitingAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? oldest = null;
        foreach (var name in (string[])[options.Value.ImageQueue, options.Value.BatchQueue])
        {
            try
            {
                var message = await clients.Queues.GetQueueClient(name).PeekMessageAsync(cancellationToken).ConfigureAwait(false);
                oldest = message.Value?.InsertedOn is { } inserted && !(oldest < inserted) ? inserted : oldest;
            }
            catch (RequestFailedException exception) when (exception.ErrorCode == QueueErrorCode.QueueNotFound)
            {
                // Nothing was ever queued.
            }
        }

        return oldest;
    }

    private async Task PutBackAsync(string queue, BinaryData body, CancellationToken cancellationToken) =>
        await clients.Queues.GetQueueClient(queue)
            .SendMessageAsync(body, PutBackPause, Never, cancellationToken).ConfigureAwait(false);

    private async Task SendAsync<T>(string queue, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        await clients.Queues.GetQueueClient(queue).SendMessageAsync(
            BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(message, type)),
            timeToLive: Never,
            cancellationToken: cancellationToken).ConfigureAwait(false);
}
