using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>Writes the results of a batch.</summary>
public sealed class WriteDetections(DetectionWriter writer)
{
    /// <summary>Writes them; again is the same.</summary>
    [Function(nameof(WriteDetections))]
    public Task<BatchCounts> RunAsync([ActivityTrigger] WriteDetectionsInput input, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        return writer.WriteAsync(input.Batch, input.Detected, cancellationToken);
    }
}
