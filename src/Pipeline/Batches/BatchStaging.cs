using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Finished batches in container <c>staging</c>: one blob each, written once.</summary>
/// <param name="clients">The account.</param>
public sealed class BatchStaging(StorageClients clients)
{
    private const string DetectedKey = "nanodetdetected";
    private const string FailedKey = "nanodetfailed";
    private const string SkippedKey = "nanodetskipped";

    /// <summary>Looks for a finished batch: the activity <c>FindStaging</c>.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The event that may have been lost; null when the batch is not finished.</returns>
    public async Task<BatchDetected?> FindAsync(BatchReference batch, CancellationToken cancellationToken)
    {
        var name = BatchNames.Staging(batch);
        try
        {
            BlobProperties properties =
                await clients.Staging.GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return new BatchDetected(
                batch.BatchId,
                name,
                Count(properties, DetectedKey),
                Count(properties, FailedKey),
                Count(properties, SkippedKey));
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Writes a finished batch, unless another delivery of it was faster: then that one counts.</summary>
    internal async Task<BatchDetected> WriteAsync(
        BatchReference batch,
        IReadOnlyCollection<StagedImage> images,
        CancellationToken cancellationToken)
    {
        var detected = new BatchDetected(
            batch.BatchId,
            BatchNames.Staging(batch),
            images.Count(image => image.IsDetected),
            images.Count(image => image.IsFailed),
            images.Count(image => image.Result is null));
        var metadata = new Dictionary<string, string>
        {
            [DetectedKey] = detected.Detected.ToString(CultureInfo.InvariantCulture),
            [FailedKey] = detected.Failed.ToString(CultureInfo.InvariantCulture),
            [SkippedKey] = detected.Skipped.ToString(CultureInfo.InvariantCulture),
        };
        var isFirst = await NdjsonLines.TryCreateAsync(
            clients.Staging.GetBlobClient(detected.StagingBlob),
            NdjsonLines.Serialize(images, StagingJson.Default.StagedImage),
            metadata,
            cancellationToken).ConfigureAwait(false);

        // The other one may even be written and cleared away by now; the event is then refused, and nothing is lost.
        return isFirst ? detected : await FindAsync(batch, cancellationToken).ConfigureAwait(false) ?? detected;
    }

    /// <summary>Clears a staging blob away whose orchestration had ended before.</summary>
    internal async Task DiscardAsync(string name, CancellationToken cancellationToken) =>
        await clients.Staging.GetBlobClient(name).DeleteIfExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);

    /// <summary>Reads a finished batch; null when it was cleared away.</summary>
    internal async Task<IReadOnlyList<StagedImage>?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        var images = new List<StagedImage>();
        try
        {
            var lines = NdjsonLines.ReadAsync(clients.Staging.GetBlobClient(name), 0, int.MaxValue, cancellationToken);
            await foreach (var line in lines.ConfigureAwait(false))
            {
                images.Add(MessageReader.Read(line, StagingJson.Default.StagedImage));
            }
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }

        return images;
    }

    /// <summary>The finished batches of a job that wait for being written: each one's blob and id.</summary>
    internal async IAsyncEnumerable<(string Name, string BatchId)> ListAsync(
        string jobId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prefix = BatchNames.JobStaging(jobId);
        var blobs = clients.Staging.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken);
        await foreach (var blob in blobs.ConfigureAwait(false))
        {
            yield return (blob.Name, blob.Name[prefix.Length..^BatchNames.StagingSuffix.Length]);
        }
    }

    /// <summary>True while a finished batch waits for being written.</summary>
    internal async Task<bool> ExistsAsync(string name, CancellationToken cancellationToken) =>
        await clients.Staging.GetBlobClient(name).ExistsAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Clears a written batch away: first the list, so that a late delivery finds nothing to do.</summary>
    internal async Task ClearAsync(BatchReference batch, string name, CancellationToken cancellationToken)
    {
        // A page's list is shared by the page's batches; it goes with its job.
        if (batch.Blob == BatchNames.List(batch.BatchId))
        {
            await clients.Staging.GetBlobClient(batch.Blob).DeleteIfExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        await clients.Staging.GetBlobClient(name).DeleteIfExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private static int Count(BlobProperties properties, string key) =>
        properties.Metadata.TryGetValue(key, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : 0;
}
