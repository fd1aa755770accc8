using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Records;

/// <summary>Result blobs in container <c>detections</c>: the terminal records of images.</summary>
public sealed class ResultRecords(StorageClients clients, ILogger<ResultRecords> logger)
{
    internal const string IdentityKey = "nanodetidentity";
    internal const string EtagKey = "nanodetetag";
    internal const string StatusKey = "nanodetstatus";
    internal const string ErrorKey = "nanodeterror";
    internal const string ModifiedKey = "nanodetmodified";

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
                DetectionStatusConverter.Find(properties.Metadata.TryGetValue(StatusKey, out var status) ? status : null),
                properties.Metadata.TryGetValue(ErrorKey, out var error) ? error : null,
                ReadTime(properties.Metadata),
                properties.ETag);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Reads a record with its identity; nulls when there is none, or a blob of somebody else.</summary>
    /// <exception cref="PipelineException">The record is none that this app can read.</exception>
    internal async Task<(DetectionResult? Result, string? Identity)> ReadAsync(
        string container, string name, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult found = await clients.Detections.GetBlobClient(ResultName.For(container, name))
                .DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            var metadata = found.Details.Metadata;
            return metadata.ContainsKey(StatusKey)
                ? (MessageReader.Read(found.Content.ToMemory(), ResultJson.Default.DetectionResult),
                    metadata.TryGetValue(IdentityKey, out var identity) ? identity : null)
                : (null, null);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return (null, null);
        }
    }

    /// <summary>
    /// Writes a record, unless the one that is there is the better one: see docs/results.md, Which record stays. Whatever comes in
    /// between, the decision holds at the moment of the write.
    /// </summary>
    /// <param name="image">What became of the image.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The image was skipped: there is nothing to write.</exception>
    /// <exception cref="RequestFailedException">Storage failed, or other records came in between again and again.</exception>
    internal async Task WriteAsync(StagedImage image, CancellationToken cancellationToken)
    {
        var result = image.Result ?? throw new ArgumentException("A skipped image has no result.", nameof(image));
        if (BlobNames.FindProblem(image.Container, image.Name) is { } problem)
        {
            // Such a name has no record: it would be that of another image. The job's results have its failure.
            Log.RecordImpossible(logger, BlobNames.Show(image.Container), BlobNames.Show(image.Name), problem);
            return;
        }

        // Most images have no record yet: it is asked for only when there is one.
        var conditions = new BlobRequestConditions { IfNoneMatch = ETag.All };
        for (var round = 1; ; round++)
        {
            try
            {
                await UploadAsync(image, result, conditions, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RequestFailedException exception) when (exception.Status is 409 or 412 && round < Rounds)
            {
                // A record is there, or another one came in between: look at it.
            }

            // First the record, then the image: a record that is newer than what is seen of the image fails the condition.
            var record = await FindAsync(image.Container, image.Name, cancellationToken).ConfigureAwait(false);
            if (record is not null && !await ReplacesAsync(image, result, record, cancellationToken).ConfigureAwait(false))
            {
                Log.RecordKept(logger, image.Container, image.Name, result.Error?.Code ?? DetectionStatusConverter.Text(result.Status));
                return;
            }

            conditions = record is null
                ? new BlobRequestConditions { IfNoneMatch = ETag.All }
                : new BlobRequestConditions { IfMatch = record.Etag };
        }
    }

    private async Task UploadAsync(
        StagedImage image,
        DetectionResult result,
        BlobRequestConditions conditions,
        CancellationToken cancellationToken)
    {
        var metadata = new Dictionary<string, string> { [StatusKey] = DetectionStatusConverter.Text(result.Status) };
        if (image.Identity is { } identity)
        {
            metadata[IdentityKey] = identity;
        }

        if (result.Image.Etag is { } etag)
        {
            metadata[EtagKey] = etag;
        }

        if (result.Error is { } error)
        {
            metadata[ErrorKey] = error.Code;
        }

        if (image.Modified is { } modified)
        {
            metadata[ModifiedKey] = modified.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
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

    private async Task<bool> ReplacesAsync(
        StagedImage image, DetectionResult result, ResultRecord record, CancellationToken cancellationToken)
    {
        if (record.Status is null)
        {
            // Somebody else's blob under the record's name.
            return true;
        }

        if (record.ImageEtag == result.Image.Etag)
        {
            return RecordOrder.ReplacesSameContent(result, record);
        }

        // Content that is known to be overwritten is older than whatever may be there: the image need not be asked for.
        return result.Error?.Code != FailureCodes.BlobChanged && RecordOrder.ReplacesOtherContent(
            result, image.Modified, record, await FindContentAsync(image, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The ETag of what the image's blob holds now; null when it is gone.</summary>
    private async Task<string?> FindContentAsync(StagedImage image, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties properties = await clients.Image(image.Container, image.Name)
                .GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return BlobNames.Etag(properties.ETag.ToString());
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private static DateTimeOffset? ReadTime(IDictionary<string, string> metadata) =>
        metadata.TryGetValue(ModifiedKey, out var text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
}
