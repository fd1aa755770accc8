using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>How images come in, and how those that wait together become a batch.</summary>
/// <param name="intake">Does it.</param>
public sealed class ImageTriggers(ImageIntake intake)
{
    /// <summary>The name of <see cref="UploadedAsync"/>.</summary>
    public const string Uploaded = "ImageUploaded";

    /// <summary>
    /// A blob that appeared in the container of images, found by polling: for one machine and for small accounts.
    /// <see cref="Upkeep.FindUploads"/> finds what polling misses.
    /// </summary>
    [Function(Uploaded)]
    public Task UploadedAsync([BlobTrigger("%Nanodet:Storage:Images%/{name}")] BlobClient blob, CancellationToken cancellationToken) =>
        intake.QueueAsync(blob, cancellationToken);

    /// <summary>
    /// A blob that appeared in the container of images, announced by an Event Grid webhook. A trigger's source cannot come from a setting,
    /// so this is a function of its own; settings say which of the two runs.
    /// </summary>
    [Function("ImageAnnounced")]
    public Task AnnouncedAsync(
        [BlobTrigger("%Nanodet:Storage:Images%/{name}", Source = BlobTriggerSource.EventGrid)] BlobClient blob,
        CancellationToken cancellationToken) => intake.QueueAsync(blob, cancellationToken);

    /// <summary>
    /// An event of queue <c>events</c>: Event Grid, CloudEvents 1.0, or just a container and a name. Its images are queued, the publication
    /// of its checkpoints is started.
    /// </summary>
    [Function("EventReceived")]
    public Task ReceivedAsync(
        [QueueTrigger("%Nanodet:Storage:EventQueue%")] byte[] message,
        long dequeueCount,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => intake.QueueAsync(message, dequeueCount, client, cancellationToken);

    /// <summary>An image of queue <c>images</c>: those that wait together become one <see cref="Batches.DetectBatch"/>.</summary>
    /// <param name="message">The queue message.</param>
    /// <param name="id">Its id, the same for every delivery.</param>
    /// <param name="dequeueCount">How often it was delivered, this time included.</param>
    /// <param name="client">Starts the batch.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    [Function("ImageQueued")]
    public Task QueuedAsync(
        [QueueTrigger("%Nanodet:Storage:ImageQueue%")] byte[] message,
        string id,
        long dequeueCount,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => intake.GroupAsync(message, id, dequeueCount, client, cancellationToken);
}
