using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Detectors;
using Nanodet.Serverless.Conversion;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>Photos for calibration, from the app's storage account.</summary>
/// <param name="clients">The account.</param>
/// <param name="settings">How many photos are taken.</param>
/// <param name="detector">How large a photo may be.</param>
public sealed class CalibrationPhotos(StorageClients clients, IOptions<ConversionSettings> settings, IOptions<DetectorOptions> detector)
{
    /// <summary>Finds the photos of a place.</summary>
    /// <param name="place"><c>CONTAINER/PREFIX</c>.</param>
    /// <param name="cancellationToken">Ends the wait for storage.</param>
    /// <exception cref="ConversionException">There is no such container, or no blob under that prefix.</exception>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task<ICalibrationSet> FindAsync(string place, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(place);
        var slash = place.IndexOf('/', StringComparison.Ordinal);
        if (slash < 1)
        {
            throw new ConversionException(
                ConversionErrorCodes.NoImages,
                $"calibration: expected CONTAINER/PREFIX, such as images/calibration/, found '{place}'. "
                + "Change it in the config or in Nanodet:Publish:Calibration.");
        }

        var container = clients.Blobs.GetBlobContainerClient(place[..slash]);
        var names = new List<string>();
        try
        {
            var blobs = container.GetBlobsAsync(BlobTraits.None, BlobStates.None, place[(slash + 1)..], cancellationToken);
            await foreach (var blob in blobs)
            {
                if (blob.Properties.AccessTier != AccessTier.Archive
                    && blob.Properties.ContentLength is > 0 and var bytes && bytes <= detector.Value.Limits.MaxBytes)
                {
                    names.Add(blob.Name);
                    if (names.Count == settings.Value.CalibrationImages)
                    {
                        break;
                    }
                }
            }
        }
        catch (RequestFailedException exception) when (
            exception.ErrorCode == BlobErrorCode.ContainerNotFound
            || exception.ErrorCode == BlobErrorCode.InvalidResourceName)
        {
            throw new ConversionException(
                ConversionErrorCodes.NoImages,
                $"Expected photos for calibration at '{place}', found no container '{container.Name}'.",
                exception);
        }

        return names.Count > 0
            ? new PhotoBlobs(container, place, names)
            : throw new ConversionException(
                ConversionErrorCodes.NoImages,
                $"Expected photos for calibration at '{place}', found none. Upload some dozens like those that the model will see.");
    }

    private sealed class PhotoBlobs(BlobContainerClient container, string place, IReadOnlyList<string> names) : ICalibrationSet
    {
        public string Place => place;

        public int Count => names.Count;

        public async IAsyncEnumerable<CalibrationImage> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            foreach (var name in names)
            {
                BlobDownloadResult content;
                try
                {
                    content = await container.GetBlobClient(name).DownloadContentAsync(cancellationToken);
                }
                catch (RequestFailedException exception) when (exception.Status == 404)
                {
                    // It was removed meanwhile; the others do.
                    continue;
                }

                yield return new CalibrationImage(name, content.Content.ToMemory());
            }
        }
    }
}
