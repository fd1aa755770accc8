using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>Converts a checkpoint, verifies the model, makes it the current one, and writes the report.</summary>
public sealed class PublishCheckpoint(CheckpointPublisher publisher)
{
    /// <summary>Publishes it; again is the same.</summary>
    [Function(nameof(PublishCheckpoint))]
    public Task<PublishOutcome> RunAsync([ActivityTrigger] CheckpointPair pair, CancellationToken cancellationToken) =>
        publisher.PublishAsync(pair, cancellationToken);
}
