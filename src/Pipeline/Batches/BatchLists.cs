using Azure;
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
        return new BatchReference
        {
            BatchId = batch.BatchId,
            Blob = name,
            Count = batch.Images.Count,
            JobId = batch.Images[0].JobId,
            Options = batch.Images[0].Options,
        };
    }

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
