using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>Images in storage. What will never work comes back as an error; what may pass is thrown.</summary>
public sealed class ImageSource(StorageClients clients, IOptions<DetectorOptions> options)
{
    private readonly ImageLimits _limits = options.Value.Limits;

    /// <summary>Completes ETag and length; asks storage for nothing that cannot be meant.</summary>
    internal async Task<DetectionError?> LookUpAsync(BatchImage image, CancellationToken cancellationToken)
    {
        if (image.Message.Problem is { } problem)
        {
            var hasName = image.Message.Name.Length > 0;
            return hasName && BlobNames.FindProblem(image.Message.Container, image.Message.Name) is { } name
                ? new DetectionError(FailureCodes.NameUnusable, $"Image: {name}. Rename the blob.")
                : new DetectionError(FailureCodes.MessageInvalid, problem);
        }

        if (image.Etag is null || image.Bytes is null)
        {
            try
            {
                BlobProperties properties = await clients.Image(image.Message.Container, image.Message.Name)
                    .GetPropertiesAsync(Unchanged(image), cancellationToken).ConfigureAwait(false);
                image.Etag = BlobNames.Etag(properties.ETag.ToString());
                image.Bytes = properties.ContentLength;
                image.Modified = properties.LastModified;
            }
            catch (RequestFailedException exception) when (IsPermanent(exception))
            {
                return await ExplainAsync(image, exception, cancellationToken).ConfigureAwait(false);
            }
            catch (RequestFailedException exception) when (exception.Status is 403 or 409)
            {
                if (!await IsAboutBlobAsync(image, exception, cancellationToken).ConfigureAwait(false))
                {
                    throw;
                }

                return Refused(image, exception);
            }
        }

        return null;
    }

    /// <summary>Downloads the content that the ETag names, if it is not too large.</summary>
    internal async Task<DetectionError?> DownloadAsync(BatchImage image, CancellationToken cancellationToken)
    {
        if (image.Bytes > _limits.MaxBytes)
        {
            return TooLarge(image.Bytes.Value);
        }

        try
        {
            var blob = clients.Image(image.Message.Container, image.Message.Name);
            using BlobDownloadStreamingResult download = await blob.DownloadStreamingAsync(
                new BlobDownloadOptions { Conditions = Unchanged(image) }, cancellationToken).ConfigureAwait(false);

            // A message may be wrong about the length; the answer's header is not, and nothing was read yet.
            image.Bytes = download.Details.ContentLength;
            image.Modified = download.Details.LastModified;
            if (image.Bytes > _limits.MaxBytes)
            {
                return TooLarge(image.Bytes.Value);
            }

            var content = GC.AllocateUninitializedArray<byte>((int)image.Bytes.Value);
            await download.Content.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
            image.Content = content;
            PipelineTelemetry.Downloaded.Add(content.Length);
            return null;
        }
        catch (RequestFailedException exception) when (IsPermanent(exception))
        {
            return await ExplainAsync(image, exception, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status is 403 or 409)
        {
            if (!await IsAboutBlobAsync(image, exception, cancellationToken).ConfigureAwait(false))
            {
                throw;
            }

            return Refused(image, exception);
        }
    }

    private static BlobRequestConditions? Unchanged(BatchImage image) =>
        image.Etag is null ? null : new BlobRequestConditions { IfMatch = new ETag(image.Etag) };

    private DetectionError TooLarge(long bytes) => new(
        ImageErrorCodes.TooLarge,
        $"Expected at most {_limits.MaxBytes} bytes (ImageLimits.MaxBytes), found {bytes}.");

    private static bool IsPermanent(RequestFailedException exception) =>
        exception.Status is 404 or 412
        || (exception.Status == 409 && exception.ErrorCode == BlobErrorCode.BlobArchived)
        || IsAboutName(exception);

    /// <summary>Not every 400: a token that storage cannot read has that status, too.</summary>
    private static bool IsAboutName(RequestFailedException exception) => exception.Status == 400
        && (exception.ErrorCode == BlobErrorCode.InvalidUri
            || exception.ErrorCode == BlobErrorCode.InvalidResourceName
            || exception.ErrorCode == BlobErrorCode.OutOfRangeInput);

    private async Task<DetectionError> ExplainAsync(BatchImage image, RequestFailedException exception, CancellationToken cancellationToken)
    {
        if (IsAboutName(exception))
        {
            return new DetectionError(
                FailureCodes.NameUnusable,
                $"Expected a blob name that storage takes, storage answered {exception.ErrorCode}. Rename the blob.");
        }

        // A condition fails on a blob that is gone as well as on one that has changed.
        var isGone = exception.Status == 404
            || (exception.Status == 412
                && !await clients.Image(image.Message.Container, image.Message.Name).ExistsAsync(cancellationToken).ConfigureAwait(false));
        if (isGone)
        {
            return new DetectionError(
                FailureCodes.BlobNotFound,
                $"Expected a blob '{image.Message.Name}' in container '{image.Message.Container}', found none.");
        }

        return exception.Status == 412
            ? new DetectionError(FailureCodes.BlobChanged, $"Expected the content with ETag {image.Etag}; the blob was overwritten since.")
            : new DetectionError(FailureCodes.BlobArchived, "Expected a blob that can be read, found one in the archive tier.");
    }

    /// <summary>
    /// Whose fault a refusal is: the blob's, when it is refused once more and its container is given; it would be refused for ever, and its
    /// batch with it. Otherwise the app has lost its rights or its network, and no image is to blame.
    /// </summary>
    private async Task<bool> IsAboutBlobAsync(BatchImage image, RequestFailedException refusal, CancellationToken cancellationToken)
    {
        try
        {
            await clients.Image(image.Message.Container, image.Message.Name)
                .GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return false;
        }
        catch (RequestFailedException exception) when (exception.Status == refusal.Status)
        {
            // Refused again.
        }

        try
        {
            await clients.Blobs.GetBlobContainerClient(image.Message.Container)
                .GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException)
        {
            return false;
        }
    }

    private static DetectionError Refused(BatchImage image, RequestFailedException refusal) => new(
        FailureCodes.BlobRefused,
        $"Expected a blob that this app may read, as it may its container '{image.Message.Container}', found one that storage refuses "
        + $"({refusal.Status} {refusal.ErrorCode}). Look for a condition on the app's role, a customer's encryption key, or a policy on "
        + "this blob.");
}
