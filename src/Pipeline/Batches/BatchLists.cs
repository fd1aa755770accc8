using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Lists of images in container <c>staging</c>.</summary>
public sealed class BatchLists
{
    /// <summary>Writes the list of a batch whose images came one by one; a list that is there stays.</summary>
    public Task<BatchReference> WriteAsync(FormedBatch batch, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads the images of a batch; null when the list is gone, because the batch was finished.</summary>
    /// <exception cref="PipelineException">The list is shorter, or a line is no message.</exception>
    public Task<IReadOnlyList<ImageMessage>?> ReadAsync(BatchReference batch, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
