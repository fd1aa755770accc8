using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Records;

/// <summary>Result blobs in container <c>detections</c>: the terminal records of images.</summary>
public sealed class ResultRecords(StorageClients clients, ILogger<ResultRecords> logger)
{
    internal const string IdentityKey = "nanodetidentity";
    internal const string EtagKey = "nanodetetag";
    internal const string StatusKey = "nanodetstatus";

    private const int Rounds = 8;

    /// <summary>Whether the present content of an image has its terminal record.</summary>
    /// <param name="container">The image's container.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="etag">Its content.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<bool> HasAsync(string container, string name, ETag? etag, CancellationToken cancellationToken)
    {
        var record = await FindAsync(container, name, cancellationToken).ConfigureAwait(false);
        return record?.Status is not null && record.ImageEtag == BlobNames.Etag(etag?.ToString());
    }

    /// <summary>Looks a record up by its metadata; null when there is none.</summary>
    internal async Task<ResultRecord?> FindAsync(string container, string name, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties properties = await clients.Detections.GetBlobClient(ResultName.For(container, name))
                .GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return new ResultRecord(
                properties.Metadata.TryGetValue(IdentityKey, out var identity) ? identity : null,
                properties.Metadata.TryGetValue(EtagKey, out var etag) ? etag : null,
                properties.Metadata.TryGetValue(StatusKey, out var status) ? status : null,
                properties.ETag);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>
    /// Writes a record. A failure that says nothing about the image itself gives way to a record that does; every other result
    /// replaces what is there.
    /// </summary>
    /// <exception cref="ArgumentException">The image was skipped: there is nothing to write.</exception>
    internal async Task WriteAsync(StagedImage image, CancellationToken cancellationToken)
    {
        var result = image.Result ?? throw new ArgumentException("A skipped image has no result.", nameof(image));
        if (BlobNames.FindProblem(image.Container, image.Name) is { } problem)
        {
            // Such a name has no record: it would be that of another image. The job's results have its failure.
            Log.RecordImpossible(logger, BlobNames.Show(image.Container), BlobNames.Show(image.Name), problem);
            return;
        }

        var conditions = new BlobRequestConditions();
        for (var round = 1; ; round++)
        {
            if (GivesWay(result))
            {
                var record = await FindAsync(image.Container, image.Name, cancellationToken).ConfigureAwait(false);
                if (record is not null && IsAboutImage(record, result))
                {
                    Log.RecordKept(logger, image.Container, image.Name, result.Error!.Code);
                    return;
                }

                conditions = record is null
                    ? new BlobRequestConditions { IfNoneMatch = ETag.All }
                    : new BlobRequestConditions { IfMatch = record.Etag };
            }

            try
            {
                await UploadAsync(image, result, conditions, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RequestFailedException exception) when (exception.Status is 409 or 412 && GivesWay(result) && round < Rounds)
            {
                // Another record came in between: look again.
            }
        }
    }

    private async Task UploadAsync(
        StagedImage image,
        DetectionResult result,
        BlobRequestConditions conditions,
        CancellationToken cancellationToken)
    {
        var metadata = new Dictionary<string, string> { [StatusKey] = result.Status };
        if (image.Identity is { } identity)
        {
            metadata[IdentityKey] = identity;
        }

        if (result.Image.Etag is { } etag)
        {
            metadata[EtagKey] = etag;
        }

        await clients.Detections.GetBlobClient(ResultName.For(image.Container, image.Name)).UploadAsync(
            BinaryData.FromBytes(result.ToUtf8Json()),
            new BlobUploadOptions
            {
                Conditions = conditions,
                HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                Metadata = metadata,
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static bool GivesWay(DetectionResult result) => result.Error is { } error && FailureCodes.All.Contains(error.Code);

    /// <summary>
    /// Detections that are there stay when the blob is gone, cannot be read, has a new content, whose own message brings its own
    /// record, or was asked for with another model. A poison message leaves only the record of the very same content.
    /// </summary>
    private static bool IsAboutImage(ResultRecord record, DetectionResult result) => record.Status == DetectionResult.DetectedStatus
        ? result.Error!.Code != FailureCodes.Poison || result.Image.Etag is null || result.Image.Etag == record.ImageEtag
        : record.Status == DetectionResult.FailedStatus && record.Identity is not null && result.Image.Etag == record.ImageEtag;
}
