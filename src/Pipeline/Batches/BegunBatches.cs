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
    /// <summary>Reads a batch's mark; null when there is none.</summary>
    internal Task<BatchMark?> FindAsync(BatchReference batch, CancellationToken cancellationToken) =>
        FindAsync(BatchNames.Begun(batch), cancellationToken);

    /// <summary>The names of the marks of other batches that came the same way: of the same job, or one by one.</summary>
    internal async Task<IReadOnlyList<string>> ListOthersAsync(BatchReference batch, CancellationToken cancellationToken)
    {
        var (own, names) = (BatchNames.Begun(batch), new List<string>());
        var marks = clients.Staging.GetBlobsAsync(
            new GetBlobsOptions { Prefix = BatchNames.BegunFolder(batch) }, cancellationToken);
        await foreach (var mark in marks.ConfigureAwait(false))
        {
            if (mark.Name != own)
            {
                names.Add(mark.Name);
            }
        }

        return names;
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

    /// <summary>Removes a mark, unless somebody else has changed it.</summary>
    internal async Task RemoveAsync(BatchReference batch, ETag etag, CancellationToken cancellationToken)
    {
        try
        {
            await clients.Staging.GetBlobClient(BatchNames.Begun(batch)).DeleteAsync(
                conditions: new BlobRequestConditions { IfMatch = etag }, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            // Gone with its job, or in other hands.
        }
    }

    /// <summary>Removes a mark, whoever made it.</summary>
    internal async Task ForgetAsync(BatchReference batch, CancellationToken cancellationToken) =>
        await clients.Staging.GetBlobClient(BatchNames.Begun(batch)).DeleteIfExistsAsync(cancellationToken: cancellationToken)
            .ConfigureAwait(false);

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
