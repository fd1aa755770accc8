using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>The steps of <see cref="DetectBatch"/>. An activity may run twice: the second time changes nothing.</summary>
/// <param name="queues">Has the workers' queue.</param>
/// <param name="staging">Has the results of finished batches.</param>
/// <param name="writer">Writes results.</param>
public sealed class BatchActivities(MessageQueues queues, BatchStaging staging, DetectionWriter writer)
{
    /// <summary>The name of <see cref="QueueAsync"/>.</summary>
    public const string Queue = "QueueBatch";

    /// <summary>The name of <see cref="FindAsync"/>.</summary>
    public const string Find = "FindStaging";

    /// <summary>The name of <see cref="WriteAsync"/>.</summary>
    public const string Write = "WriteDetections";

    /// <summary>Puts a batch on the workers' queue.</summary>
    [Function(Queue)]
    public Task QueueAsync([ActivityTrigger] BatchMessage message, CancellationToken cancellationToken) =>
        queues.SendBatchAsync(message, cancellationToken);

    /// <summary>Looks whether a batch is finished although its event did not come.</summary>
    /// <returns>The event that was lost, if one was.</returns>
    [Function(Find)]
    public async Task<BatchAnswer> FindAsync([ActivityTrigger] BatchReference batch, CancellationToken cancellationToken) =>
        new(Detected: await staging.FindAsync(batch, cancellationToken));

    /// <summary>Writes the results of a batch.</summary>
    /// <returns>What came of its images.</returns>
    [Function(Write)]
    public async Task<BatchAnswer> WriteAsync([ActivityTrigger] WriteDetectionsInput input, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new(Counts: await writer.WriteAsync(input.Batch, input.Detected, cancellationToken));
    }
}

/// <summary>The input of <see cref="BatchActivities.WriteAsync"/>.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Detected">Where its results are.</param>
public sealed record WriteDetectionsInput(BatchReference Batch, BatchDetected Detected);
