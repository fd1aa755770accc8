using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Annotation;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Postprocessing;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>
/// Pictures of detected images, in the container of the results: <c>_boxes/CONTAINER/NAME.jpg</c> and
/// <c>_thumbnails/CONTAINER/NAME.jpg</c>. No container of images has such a name. A picture that comes again takes the place of the one
/// before.
/// </summary>
/// <param name="clients">The account.</param>
/// <param name="options">How large an image may be.</param>
/// <param name="logger">The log.</param>
public sealed class PictureWriter(StorageClients clients, IOptions<DetectorOptions> options, ILogger<PictureWriter> logger) : IDisposable
{
    private const int ThumbnailSide = 320;

    // Images are decoded whole to be drawn on: two at a time, whatever the number of batches, so that they take little memory.
    private readonly SemaphoreSlim _places = new(2);

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    /// <summary>Draws and stores the pictures of an image; one that cannot be drawn has none, and is detected all the same.</summary>
    /// <param name="pictures">Which.</param>
    /// <param name="container">The image's container.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="encoded">The image.</param>
    /// <param name="detections">What was detected.</param>
    /// <param name="cancellationToken">Ends the wait for storage.</param>
    /// <exception cref="Azure.RequestFailedException">Storage failed.</exception>
    internal async Task WriteAsync(
        BatchPictures pictures,
        string container,
        string name,
        ReadOnlyMemory<byte> encoded,
        IReadOnlyList<DetectedObject> detections,
        CancellationToken cancellationToken)
    {
        var limits = options.Value.Limits;
        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (pictures != BatchPictures.Thumbnails)
            {
                var drawn = Annotator.Annotate(encoded.Span, detections, limits);
                await UploadAsync(ResultName.ForPicture("_boxes", container, name), drawn, cancellationToken).ConfigureAwait(false);
            }

            if (pictures != BatchPictures.Boxes)
            {
                var small = Thumbnail.Create(encoded.Span, ThumbnailSide, limits);
                await UploadAsync(ResultName.ForPicture("_thumbnails", container, name), small.Jpeg, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
        catch (ImageException exception)
        {
            Log.NoPicture(logger, container, name, exception.Message);
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task UploadAsync(string name, ReadOnlyMemory<byte> jpeg, CancellationToken cancellationToken) =>
        await clients.Detections.GetBlobClient(name).UploadAsync(
            BinaryData.FromBytes(jpeg),
            new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "image/jpeg" } },
            cancellationToken).ConfigureAwait(false);
}
