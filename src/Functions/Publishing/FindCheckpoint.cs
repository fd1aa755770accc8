using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>Looks for a checkpoint and its config.</summary>
public sealed class FindCheckpoint(CheckpointStore store)
{
    /// <summary>Looks for them.</summary>
    [Function(nameof(FindCheckpoint))]
    public Task<CheckpointPair?> RunAsync([ActivityTrigger] string stem, CancellationToken cancellationToken) =>
        store.FindAsync(stem, cancellationToken);
}
