using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>The coordinator's side of a batch: staging blob in, result blobs out.</summary>
public sealed class DetectionWriter
{
    /// <summary>
    /// Writes the results of a batch, stages them as a block of the job's NDJSON, and clears the list and the staging blob away: the
    /// activity <c>WriteDetections</c>. Repeating it changes nothing.
    /// </summary>
    public Task<BatchCounts> WriteAsync(BatchReference batch, BatchDetected detected, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
