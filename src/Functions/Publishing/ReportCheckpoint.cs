using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>Writes the report about a checkpoint whose publication failed for good.</summary>
public sealed class ReportCheckpoint(CheckpointPublisher publisher)
{
    /// <summary>Writes it.</summary>
    [Function(nameof(ReportCheckpoint))]
    public Task<PublishOutcome> RunAsync([ActivityTrigger] ReportCheckpointInput input, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        return publisher.ReportFailureAsync(input.Pair, input.Reason, cancellationToken);
    }
}
