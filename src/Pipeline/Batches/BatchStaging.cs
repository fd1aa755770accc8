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
            return Read(batch.BatchId, name, properties.Metadata);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>
    /// All finished batches that have waited for being written since a time, of jobs and of images that came one by one, in the order of
    /// their blobs' names.
    /// </summary>
    /// <param name="before">The time: younger ones are left out.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The event of each.</returns>
    public async IAsyncEnumerable<BatchDetected> FindOlderAsync(
        DateTimeOffset before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var folder in ListFoldersAsync(cancellationToken).ConfigureAwait(false))
        {
            await foreach (var blob in ListAsync(folder, BlobTraits.Metadata, cancellationToken).ConfigureAwait(false))
            {
                if (blob.Properties.LastModified < before && blob.Name.EndsWith(BatchNames.StagingSuffix, StringComparison.Ordinal))
                {
                    yield return Read(BatchIdOf(blob, folder), blob.Name, blob.Metadata);
                }
            }
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
        var folder = BatchNames.JobStaging(jobId);
        await foreach (var blob in ListAsync(folder, BlobTraits.None, cancellationToken).ConfigureAwait(false))
        {
            yield return (blob.Name, BatchIdOf(blob, folder));
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

    private static string BatchIdOf(BlobItem blob, string folder) => blob.Name[folder.Length..^BatchNames.StagingSuffix.Length];

    private static BatchDetected Read(string batchId, string name, IDictionary<string, string> metadata) =>
        new(batchId, name, Count(metadata, DetectedKey), Count(metadata, FailedKey), Count(metadata, SkippedKey));

    private static int Count(IDictionary<string, string> metadata, string key) =>
        metadata.TryGetValue(key, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : 0;

    private AsyncPageable<BlobItem> ListAsync(string folder, BlobTraits traits, CancellationToken cancellationToken) =>
        clients.Staging.GetBlobsAsync(traits, BlobStates.None, folder, cancellationToken);

    /// <summary>Where finished batches may lie. A job that has ended has no folder, unless something was left in it.</summary>
    private async IAsyncEnumerable<string> ListFoldersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return BatchNames.StagingFolder;
        var jobs = clients.Staging.GetBlobsByHierarchyAsync(
            BlobTraits.None, BlobStates.None, "/", BatchNames.JobsFolder, cancellationToken);
        await foreach (var job in jobs.ConfigureAwait(false))
        {
            if (job.IsPrefix)
            {
                yield return BatchNames.JobStaging(job.Prefix[BatchNames.JobsFolder.Length..^1]);
            }
        }
    }
}
