using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Functions.Publishing;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Grouping;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;
using Nanodet.Serverless.Pipeline.Uploads;
using Nanodet.Serverless.Pipeline.Workers;
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
    StorageClients clients,
    IOptions<StorageOptions> names,
    TimeProvider time,
    ILogger<ImageIntake> logger)
{
    /// <summary>
    /// Queues a blob that appeared, unless <see cref="QueueListedAsync"/> saw it first; asks for its properties, downloads nothing. A blob
    /// that stands for a folder is none. One that is older than this process is queued only without a record of its content: after a
    /// restart a trigger that polls shows, one by one, what the processes before this one had taken by listing.
    /// </summary>
    public async Task QueueAsync(BlobBaseClient blob, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blob);
        try
        {
            var properties = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            var mayBeDone = properties.LastModified < uploads.Began;
            if (!FolderMarkers.IsMarker(blob.Name, properties.ContentLength, properties.Metadata)
                && !(mayBeDone && await records.HasAsync(blob.BlobContainerName, blob.Name, properties.ETag, cancellationToken)))
            {
                await QueueOnceAsync(blob.BlobContainerName, blob.Name, properties.ETag, properties.ContentLength, cancellationToken);
            }
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            Log.UploadGone(logger, blob.Name);
        }
    }

    /// <summary>
    /// Queues a blob that a listing shows, unless it was queued before, stands for a folder, or has a name that leads to no blob.
    /// </summary>
    /// <param name="container">Its container.</param>
    /// <param name="blob">What the listing says.</param>
    /// <param name="mayBeDone">Whether an earlier process may have seen it: then it is queued only without a record of its content.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task QueueListedAsync(string container, BlobItem blob, bool mayBeDone, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blob);
        if (FolderMarkers.IsMarker(blob.Name, blob.Properties.ContentLength, blob.Metadata))
        {
            return;
        }

        if (BlobNames.FindProblem(container, blob.Name) is { } problem)
        {
            await uploads.HandOnAsync(container, blob.Name, blob.Properties.ETag?.ToString(), LeaveOutAsync);
            return;
        }

        if (!mayBeDone || !await records.HasAsync(container, blob.Name, blob.Properties.ETag, cancellationToken))
        {
            await QueueOnceAsync(container, blob.Name, blob.Properties.ETag, blob.Properties.ContentLength, cancellationToken);
        }

        Task LeaveOutAsync()
        {
            Log.UploadLeftOut(logger, container, BlobNames.Show(blob.Name), problem);
            return Task.CompletedTask;
        }
    }

    /// <summary>
    /// Queues the images of an event, and starts the publication of its checkpoints. What is refused is logged; what nobody can read is
    /// kept as a dead letter. One that fails does not keep the others of its array waiting. While storage or the durable engine fails, the
    /// message comes again two times, and then as a new one.
    /// </summary>
    /// <param name="body">The message.</param>
    /// <param name="deliveries">How often it was delivered, this time included.</param>
    /// <param name="client">Starts publications.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="AggregateException">Storage or the durable engine failed; the message has to come again.</exception>
    public async Task QueueAsync(byte[] body, long deliveries, DurableTaskClient client, CancellationToken cancellationToken)
    {
        try
        {
            await QueueAsync(body, client, cancellationToken);
        }
        catch (Exception exception) when (deliveries >= BatchProcessor.ManyDeliveries && PassingFault.Is(exception, cancellationToken))
        {
            // As its sender meant it: the queue's client encodes what it sends.
            await queues.PutEventBackAsync(MessageBody.Decode(body), cancellationToken);
            Log.MessagePutBack(logger, names.Value.EventQueue, deliveries, MessageQueues.PutBackPause, exception);
        }
    }

    private async Task QueueAsync(byte[] body, DurableTaskClient client, CancellationToken cancellationToken)
    {
        var parsed = events.Parse(body);
        List<Exception> failures = [];
        foreach (var one in parsed)
        {
            PipelineTelemetry.RecordWait("events", one.RaisedUtc, time.GetUtcNow());
            try
            {
                await TakeAsync(one, client, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                failures.Add(exception);
            }
        }

        if (failures.Count > 0)
        {
            throw new AggregateException($"{failures.Count} of {parsed.Count} events could not be taken.", failures);
        }

        if (parsed.Where(one => one.IsUnreadable).Select(one => one.Reason).ToArray() is { Length: > 0 } problems)
        {
            await poison.WriteEventAsync(body, string.Join(' ', problems), cancellationToken);
        }
    }

    /// <summary>Goes on with a blob whose trigger failed too often; a message that names none becomes a dead letter.</summary>
    public async Task QueuePoisonedAsync(byte[] body, DurableTaskClient client, CancellationToken cancellationToken)
    {
        PoisonedBlob blob;
        try
        {
            blob = PoisonedBlob.Read(body);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            await poison.WriteUploadAsync(PoisonTriggers.UploadQueue, body, $"Expected a blob: {exception.Message}", cancellationToken);
            return;
        }

        if ((BlobNames.FindProblem(blob.ContainerName, blob.BlobName)
            ?? BlobNames.FindEtagProblem(BlobNames.Etag(blob.ETag))) is { } problem)
        {
            await poison.WriteUploadAsync(PoisonTriggers.UploadQueue, body, $"Blob: {problem}.", cancellationToken);
        }
        else if (checkpoints.Owns(blob.ContainerName))
        {
            await checkpoints.StartAsync(client, blob.BlobName, cancellationToken);
        }
        else
        {
            await queues.SendImageAsync(Describe(blob.ContainerName, blob.BlobName, blob.ETag), cancellationToken);
        }
    }

    /// <summary>
    /// Lets an image wait for its group. A message that is none becomes a dead letter at once: it would be none again. While storage or the
    /// durable engine fails, the message comes again two times, and then as a new one: given up by the queue, the image would be a failure.
    /// </summary>
    /// <param name="body">The queue message.</param>
    /// <param name="messageId">Its id: two messages of the same content are two requests, two deliveries of one message are not.</param>
    /// <param name="deliveries">How often it was delivered, this time included.</param>
    /// <param name="client">Starts the batch.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task GroupAsync(
        byte[] body, string messageId, long deliveries, DurableTaskClient client, CancellationToken cancellationToken)
    {
        ImageMessage message;
        try
        {
            message = MessageReader.ReadImage(body);
            RequireImages(message.Container);
        }
        catch (PipelineException exception)
        {
            await poison.RefuseImageAsync(body, exception, cancellationToken);
            return;
        }

        message = message with { Stamp = message.Stamp ?? messageId };
        try
        {
            await grouper.AddAsync(message, (batch, token) => starter.StartAsync(client, batch, token), cancellationToken);
        }
        catch (Exception exception) when (deliveries >= BatchProcessor.ManyDeliveries && PassingFault.Is(exception, cancellationToken))
        {
            await queues.PutBackAsync(message, cancellationToken);
            Log.MessagePutBack(logger, names.Value.ImageQueue, deliveries, MessageQueues.PutBackPause, exception);
        }
    }

    private void RequireImages(string container)
    {
        if (!names.Value.IsImageContainer(container))
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidMessage,
                $"Image: expected container '{names.Value.Images}' or another container of images, found '{BlobNames.Show(container)}'.");
        }
    }

    private async Task TakeAsync(ParsedEvent parsed, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (parsed.IsAccepted)
        {
            if (!await IsFolderAsync(parsed.Message, cancellationToken))
            {
                await queues.SendImageAsync(parsed.Message, cancellationToken);
            }
        }
        else if (parsed.Checkpoint is { } checkpoint)
        {
            await checkpoints.StartAsync(client, checkpoint, cancellationToken);
        }
        else if (parsed.Refusal == ParsedEvent.FolderMarker)
        {
            Log.FolderLeftOut(logger, parsed.Reason!);
        }
        else if (parsed.IsRefused)
        {
            Log.EventRefused(logger, parsed.Refusal, parsed.Reason);
        }
    }

    /// <summary>Only an empty blob is asked for its metadata: an event does not carry them.</summary>
    private async Task<bool> IsFolderAsync(ImageMessage image, CancellationToken cancellationToken)
    {
        // An event of a sender's own need not say how long the blob is.
        if (image.Bytes > 0)
        {
            return false;
        }

        try
        {
            var blob = clients.Blobs.GetBlobContainerClient(image.Container).GetBlobClient(image.Name);
            var properties = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            if (!FolderMarkers.IsMarker(image.Name, properties.ContentLength, properties.Metadata))
            {
                return false;
            }

            Log.FolderLeftOut(logger, $"Expected a blob with content, found the folder '{BlobNames.Show(image.Name)}'.");
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 400 or 404)
        {
            // Gone, or a name that storage does not take: the worker says so.
            return false;
        }
    }

    private Task<bool> QueueOnceAsync(string container, string name, ETag? etag, long? bytes, CancellationToken cancellationToken)
    {
        var message = Describe(container, name, etag?.ToString()) with { Bytes = bytes };
        return uploads.HandOnAsync(container, name, message.Etag, () => queues.SendImageAsync(message, cancellationToken));
    }

    /// <summary>The message about a blob; messages carry ETags without quotes.</summary>
    private static ImageMessage Describe(string container, string name, string? etag) =>
        new() { Container = container, Name = name, Etag = BlobNames.Etag(etag) };
}
