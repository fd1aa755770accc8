using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>
/// Marks of begun batches in container <c>staging</c>. Every change has a condition, so that two processes never both have one.
/// </summary>
/// <param name="clients">The account.</param>
public sealed class BegunBatches(StorageClients clients)
{
    private const string ProcessKey = "nanodetprocess";
    private const string UnderWayKey = "nanodetunderway";
    private const string AloneKey = "nanodetalone";

    /// <summary>Reads a batch's mark; null when there is none.</summary>
    internal Task<BatchMark?> FindAsync(BatchReference batch, CancellationToken cancellationToken) =>
        FindAsync(BatchNames.Begun(batch), cancellationToken);

    /// <summary>Lists the marks of the batches that came the same way: of the same job, or one by one. One request for 5,000.</summary>
    /// <param name="folder">See <see cref="BatchNames.BegunFolder"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<IReadOnlyList<ListedMark>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        var marks = new List<ListedMark>();
        var pages = clients.Staging.GetBlobsAsync(
            new GetBlobsOptions { Prefix = folder, Traits = BlobTraits.Metadata }, cancellationToken).AsPages();
        await foreach (var page in pages.ConfigureAwait(false))
        {
            using var answer = page.GetRawResponse();
            foreach (var mark in page.Values)
            {
                var written = mark.Properties.LastModified.GetValueOrDefault();
                marks.Add(new ListedMark(
                    mark.Name,
                    mark.Properties.ETag.GetValueOrDefault(),
                    (answer.Headers.Date ?? written) - written,
                    mark.Metadata?.TryGetValue(ProcessKey, out var process) is true ? process : null,
                    Is(mark.Metadata, UnderWayKey),
                    Is(mark.Metadata, AloneKey)));
            }
        }

        return marks;
    }

    /// <summary>Reads a mark by its name; null when there is none.</summary>
    internal async Task<BatchMark?> FindAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await clients.Staging.GetBlobClient(name)
                .DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            var details = answer.Value.Details;
            var age = (answer.GetRawResponse().Headers.Date ?? details.LastModified) - details.LastModified;
            var state = MessageReader.Read(answer.Value.Content.ToMemory(), StagingJson.Default.BegunBatch);
            return new BatchMark(state, details.ETag, age);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Makes a mark.</summary>
    /// <returns>Its ETag; null when there is one.</returns>
    internal Task<ETag?> TryCreateAsync(BatchReference batch, BegunBatch state, CancellationToken cancellationToken) =>
        TryWriteAsync(batch, state, new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellationToken);

    /// <summary>Renews or changes a mark.</summary>
    /// <returns>Its new ETag; null when somebody else has changed or removed it.</returns>
    internal Task<ETag?> TryReplaceAsync(BatchReference batch, BegunBatch state, ETag etag, CancellationToken cancellationToken) =>
        TryWriteAsync(batch, state, new BlobRequestConditions { IfMatch = etag }, cancellationToken);

    /// <summary>Removes a mark.</summary>
    /// <returns>False when it is gone, or another one than <paramref name="etag"/>.</returns>
    internal async Task<bool> TryRemoveAsync(BatchReference batch, ETag etag, CancellationToken cancellationToken)
    {
        try
        {
            await clients.Staging.GetBlobClient(BatchNames.Begun(batch)).DeleteAsync(
                conditions: new BlobRequestConditions { IfMatch = etag }, cancellationToken: cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            return false;
        }
    }

    /// <summary>Removes the mark of a batch that is done, whoever made it.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task ForgetAsync(BatchReference batch, CancellationToken cancellationToken) =>
        await clients.Staging.GetBlobClient(BatchNames.Begun(batch)).DeleteIfExistsAsync(cancellationToken: cancellationToken)
            .ConfigureAwait(false);

    /// <summary>A mark of an earlier version says nothing there: then its content is looked at.</summary>
    private static bool Is(IDictionary<string, string>? metadata, string key) =>
        metadata?.TryGetValue(key, out var text) is not true || text == bool.TrueString;

    private async Task<ETag?> TryWriteAsync(
        BatchReference batch, BegunBatch state, BlobRequestConditions conditions, CancellationToken cancellationToken)
    {
        try
        {
            BlobContentInfo info = await clients.Staging.GetBlobClient(BatchNames.Begun(batch)).UploadAsync(
                BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(state, StagingJson.Default.BegunBatch)),
                new BlobUploadOptions
                {
                    Conditions = conditions,
                    Metadata = new Dictionary<string, string>
                    {
                        [ProcessKey] = state.Process,
                        [UnderWayKey] = state.IsUnderWay.ToString(),
                        [AloneKey] = state.IsAlone.ToString(),
                    },
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                },
                cancellationToken).ConfigureAwait(false);
            return info.ETag;
        }
        catch (RequestFailedException exception)
            when (exception.Status is 409 or 412 || exception.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            return null;
        }
    }
}
