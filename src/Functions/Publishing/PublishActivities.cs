using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>The steps of <see cref="PublishModel"/>. An activity may run twice: the second time changes nothing.</summary>
/// <param name="store">Has the checkpoints.</param>
/// <param name="publisher">Makes models of them.</param>
public sealed class PublishActivities(CheckpointStore store, CheckpointPublisher publisher)
{
    /// <summary>The name of <see cref="FindAsync"/>.</summary>
    public const string Find = "FindCheckpoint";

    /// <summary>The name of <see cref="PublishAsync"/>.</summary>
    public const string Publish = "PublishCheckpoint";

    /// <summary>The name of <see cref="ReportAsync"/>.</summary>
    public const string Report = "ReportCheckpoint";

    /// <summary>Looks for a checkpoint and its config.</summary>
    /// <returns>What is there now; null when both are gone.</returns>
    [Function(Find)]
    public Task<CheckpointPair?> FindAsync([ActivityTrigger] string stem, CancellationToken cancellationToken) =>
        store.FindAsync(stem, cancellationToken);

    /// <summary>Converts a checkpoint, verifies the model, makes it the current one, and writes the report.</summary>
    [Function(Publish)]
    public Task<PublishOutcome> PublishAsync([ActivityTrigger] CheckpointPair pair, CancellationToken cancellationToken) =>
        publisher.PublishAsync(pair, cancellationToken);

    /// <summary>Writes the report about a checkpoint whose publication failed for good.</summary>
    [Function(Report)]
    public Task<PublishOutcome> ReportAsync([ActivityTrigger] ReportCheckpointInput input, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        return publisher.ReportFailureAsync(input.Pair, input.Reason, cancellationToken);
    }
}

/// <summary>The input of <see cref="PublishActivities.ReportAsync"/>.</summary>
/// <param name="Pair">The checkpoint and its config.</param>
/// <param name="Reason">What went wrong.</param>
public sealed record ReportCheckpointInput(CheckpointPair Pair, string Reason);
