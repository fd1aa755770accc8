using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>A blob that appeared in the container of images, found by polling: for one machine and for small accounts.</summary>
public sealed class ImageUploaded(ImageIntake intake)
{
    /// <summary>Queues it.</summary>
    [Function(nameof(ImageUploaded))]
    public Task RunAsync([BlobTrigger("%Nanodet:Storage:Images%/{name}")] BlobClient blob, CancellationToken cancellationToken) =>
        intake.QueueAsync(blob, cancellationToken);
}
