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

    /// <summary>Reads the images of a batch; null when the list is gone, because the batch was finished.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="PipelineException">The list is shorter, or a line is no message.</exception>
    public async Task<IReadOnlyList<ImageMessage>?> ReadAsync(BatchReference batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var images = new List<ImageMessage>(batch.Count);
        try
        {
            var lines = NdjsonLines.ReadAsync(clients.Staging.GetBlobClient(batch.Blob), batch.Offset, batch.Count, cancellationToken);
            await foreach (var line in lines.ConfigureAwait(false))
            {
                images.Add(MessageReader.ReadImage(line));
            }
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }

        return images.Count == batch.Count
            ? images
            : throw new PipelineException(
                PipelineErrorCodes.IncompleteList,
                $"{batch.Blob}: expected {batch.Count} images from line {batch.Offset}, found {images.Count}.");
    }

    /// <summary>Reads the images of a batch whose list is damaged: those whose lines can be read, possibly none.</summary>
    internal async Task<IReadOnlyList<ImageMessage>> ReadWhatIsLeftAsync(BatchReference batch, CancellationToken cancellationToken)
    {
        var images = new List<ImageMessage>();
        try
        {
            var lines = NdjsonLines.ReadAsync(clients.Staging.GetBlobClient(batch.Blob), batch.Offset, batch.Count, cancellationToken);
            await foreach (var line in lines.ConfigureAwait(false))
            {
                try
                {
                    images.Add(MessageReader.ReadImage(line));
                }
                catch (PipelineException)
                {
                    // The caller knows already that the list is damaged, and says so.
                }
            }
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // Gone meanwhile.
        }

        return images;
    }
}
