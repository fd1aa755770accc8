using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Publishing;
using Nanodet.Serverless.Pipeline.Grouping;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Uploads;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>
/// From what triggers see to messages of queue <c>images</c>, and from there to batches. Events about checkpoints are passed on.
/// </summary>
public sealed class ImageIntake(
    MessageQueues queues,
    EventParser events,
    CheckpointIntake checkpoints,
    PoisonWriter poison,
    ImageGrouper grouper,
    BatchStarter starter,
    UploadRegister uploads,
    ResultRecords records,
    ILogger<ImageIntake> logger)
{
    /// <summary>
    /// Queues a blob that appeared, unless <see cref="QueueListedAsync"/> saw it first; asks for its properties, downloads nothing.
    /// </summary>
    public async Task QueueAsync(BlobBaseClient blob, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blob);
        try
        {
            var properties = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            await QueueOnceAsync(blob.BlobContainerName, blob.Name, properties.ETag, properties.ContentLength, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            Log.UploadGone(logger, blob.Name);
        }
    }

    /// <summary>Queues a blob that a listing shows, unless it was queued before.</summary>
    /// <param name="container">Its container.</param>
    /// <param name="blob">What the listing says.</param>
    /// <param name="mayBeDone">Whether an earlier process may have seen it: then it is queued only without a record of its content.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task QueueListedAsync(string container, BlobItem blob, bool mayBeDone, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blob);
        if (!mayBeDone || !await records.HasAsync(container, blob.Name, blob.Properties.ETag, cancellationToken))
        {
            await QueueOnceAsync(container, blob.Name, blob.Properties.ETag, blob.Properties.ContentLength, cancellationToken);
        }
    }

    /// <summary>
    /// Queues the images of an event, and starts the publication of its checkpoints. What is refused is logged; what nobody can read is
    /// kept as a dead letter.
    /// </summary>
    public async Task QueueAsync(byte[] body, DurableTaskClient client, CancellationToken cancellationToken)
    {
        foreach (var parsed in events.Parse(body))
        {
            if (parsed.IsAccepted)
            {
                await queues.SendImageAsync(parsed.Message, cancellationToken);
            }
            else if (parsed.Checkpoint is { } checkpoint)
            {
                await checkpoints.StartAsync(client, checkpoint, cancellationToken);
            }
            else if (parsed.IsRefused)
            {
                await RefuseAsync(body, parsed, cancellationToken);
            }
        }
    }

    /// <summary>Goes on with a blob whose trigger failed too often.</summary>
    public Task QueuePoisonedAsync(byte[] body, DurableTaskClient client, CancellationToken cancellationToken)
    {
        var blob = PoisonedBlob.Read(body);
        return checkpoints.Owns(blob.ContainerName)
            ? checkpoints.StartAsync(client, blob.BlobName, cancellationToken)
            : queues.SendImageAsync(Describe(blob.ContainerName, blob.BlobName, blob.ETag), cancellationToken);
    }

    /// <summary>Lets an image wait for its group.</summary>
    /// <param name="body">The queue message.</param>
    /// <param name="messageId">Its id: two messages of the same content are two requests, two deliveries of one message are not.</param>
    /// <param name="client">Starts the batch.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task GroupAsync(byte[] body, string messageId, DurableTaskClient client, CancellationToken cancellationToken)
    {
        var message = MessageReader.ReadImage(body);
        return grouper.AddAsync(
            message with { Stamp = message.Stamp ?? messageId },
            (batch, token) => starter.StartAsync(client, batch, token),
            cancellationToken);
    }

    private Task<bool> QueueOnceAsync(string container, string name, ETag? etag, long? bytes, CancellationToken cancellationToken)
    {
        var message = Describe(container, name, etag?.ToString()) with { Bytes = bytes };
        return uploads.HandOnAsync(container, name, message.Etag, () => queues.SendImageAsync(message, cancellationToken));
    }

    /// <summary>The message about a blob; messages carry ETags without quotes.</summary>
    private static ImageMessage Describe(string container, string name, string? etag) =>
        new() { Container = container, Name = name, Etag = BlobNames.Etag(etag) };

    private async Task RefuseAsync(byte[] body, ParsedEvent parsed, CancellationToken cancellationToken)
    {
        Log.EventRefused(logger, parsed.Refusal!, parsed.Reason!);
        if (parsed.Refusal == ParsedEvent.NotAnEvent)
        {
            await poison.WriteEventAsync(body, cancellationToken);
        }
    }
}
