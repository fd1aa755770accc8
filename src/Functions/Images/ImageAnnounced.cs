using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>
/// A blob that appeared in the container of images, announced by an Event Grid webhook. A trigger's source cannot come from a setting,
/// so this is a function of its own; settings say which of the two runs.
/// </summary>
public sealed class ImageAnnounced(ImageIntake intake)
{
    /// <summary>Queues it.</summary>
    [Function(nameof(ImageAnnounced))]
    public Task RunAsync(
        [BlobTrigger("%Nanodet:Storage:Images%/{name}", Source = BlobTriggerSource.EventGrid)] BlobClient blob,
        CancellationToken cancellationToken) => intake.QueueAsync(blob, cancellationToken);
}
