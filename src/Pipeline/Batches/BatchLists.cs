using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Lists of images in container <c>staging</c>.</summary>
/// <param name="clients">The account.</param>
public sealed class BatchLists(StorageClients clients)
{
    /// <summary>Writes the list of a batch whose images came one by one; a list that is there stays.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<BatchReference> WriteAsync(FormedBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var name = BatchNames.List(batch.BatchId);

        // The same id is the same list.
        await NdjsonLines.TryCreateAsync(
            clients.Staging.GetBlobClient(name),
            NdjsonLines.Serialize(batch.Images, MessageJson.Default.ImageMessage),
            metadata: null,
            cancellationToken).ConfigureAwait(false);
        return Refer(batch.BatchId, batch.Images);
    }

    /// <summary>The ids of the batches whose lists are there and were written before a time, and when each was.</summary>
    /// <param name="before">The time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async IAsyncEnumerable<(string BatchId, DateTimeOffset WrittenUtc)> FindAsync(
        DateTimeOffset before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var blobs = clients.Staging.GetBlobsAsync(BlobTraits.None, BlobStates.None, BatchNames.ListFolder, cancellationToken);
        await foreach (var blob in blobs.ConfigureAwait(false))
        {
            if (blob.Properties.LastModified is { } written && written < before
                && blob.Name.EndsWith(BatchNames.ListSuffix, StringComparison.Ordinal))
            {
                yield return (blob.Name[BatchNames.ListFolder.Length..^BatchNames.ListSuffix.Length], written);
            }
        }
    }

    /// <summary>The batch of a list, as <see cref="WriteAsync"/> gave it; null when the list is gone, or has no image.</summary>
    /// <param name="batchId">The batch.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<BatchReference?> ReferAsync(string batchId, CancellationToken cancellationToken)
    {
        var whole = new BatchReference { BatchId = batchId, Blob = BatchNames.List(batchId), Count = int.MaxValue };
        var images = await ReadAsync(whole, isLastReader: false, cancellationToken).ConfigureAwait(false);
        return images is { Count: > 0 } ? Refer(batchId, images) : null;
    }

    /// <summary>Removes the list of a batch that was finished.</summary>
    /// <param name="batchId">The batch.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task RemoveAsync(string batchId, CancellationToken cancellationToken) => await clients.Staging
        .GetBlobClient(BatchNames.List(batchId)).DeleteIfExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Reads the images of a batch; null when the list is gone, because the batch was finished. A line that is no message is an image with
    /// a <see cref="ImageMessage.Problem"/>.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="PipelineException">The list is shorter, or a newer app wrote it.</exception>
    public async Task<IReadOnlyList<ImageMessage>?> ReadAsync(BatchReference batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var images = await ReadAsync(batch, isLastReader: false, cancellationToken).ConfigureAwait(false);
        return images is null || images.Count == batch.Count
            ? images
            : throw new PipelineException(
                PipelineErrorCodes.IncompleteList,
                $"{batch.Blob}: expected {batch.Count} images from line {batch.Offset}, found {images.Count}.");
    }

    /// <summary>Reads the images of a batch whose list may be damaged: one for each line that is there, possibly none.</summary>
    internal async Task<IReadOnlyList<ImageMessage>> ReadWhatIsLeftAsync(BatchReference batch, CancellationToken cancellationToken) =>
        await ReadAsync(batch, isLastReader: true, cancellationToken).ConfigureAwait(false) ?? [];

    private static BatchReference Refer(string batchId, IReadOnlyList<ImageMessage> images)
    {
        // All have the same; a line that cannot be read has none.
        var one = images.FirstOrDefault(image => image.Problem is null) ?? images[0];
        return new BatchReference
        {
            BatchId = batchId,
            Blob = BatchNames.List(batchId),
            Count = images.Count,
            JobId = one.JobId,
            Options = one.Options,
        };
    }

    private async Task<List<ImageMessage>?> ReadAsync(BatchReference batch, bool isLastReader, CancellationToken cancellationToken)
    {
        var images = new List<ImageMessage>();
        try
        {
            var lines = NdjsonLines.ReadAsync(clients.Staging.GetBlobClient(batch.Blob), batch.Offset, batch.Count, cancellationToken);
            await foreach (var line in lines.ConfigureAwait(false))
            {
                images.Add(MessageReader.ReadLine(line, isLastReader));
            }

            return images;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }
}
