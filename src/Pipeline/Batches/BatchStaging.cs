using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Finished batches in container <c>staging</c>.</summary>
public sealed class BatchStaging
{
    /// <summary>Looks for a finished batch: the activity <c>FindStaging</c>.</summary>
    /// <returns>The event that may have been lost; null when the batch is not finished.</returns>
    public Task<BatchDetected?> FindAsync(BatchReference batch, CancellationToken cancellationToken) => throw new NotImplementedException();
}
