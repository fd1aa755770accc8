using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>
/// Looks after finished batches that stay in staging although their orchestrations have ended. A batch that was cancelled or terminated
/// may be staged later, and its worker writes the results then; where that failed as often as the message was delivered, nobody is left to
/// do it. Other batches would skip those images for ever, because of a result that nobody sees. Such an event is raised once more, and what
/// its refusal means is <see cref="BatchEvents"/>' to say. An orchestration that goes on finds its results by itself.
/// </summary>
/// <param name="staging">The finished batches.</param>
/// <param name="events">Raises events.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Says what is left.</param>
public sealed class LostEvents(BatchStaging staging, BatchEvents events, TimeProvider time, ILogger<LostEvents> logger)
{
    /// <summary>Finished batches that one call looks at, each with a request.</summary>
    private const int Most = 200;

    /// <summary>Of younger ones the event, or its next delivery, is under way.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    /// <summary>Between a round and the next: what cannot be written is tried as seldom.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private readonly BoundedRound _round = new(Most);
    private DateTimeOffset _next;

    /// <summary>
    /// Looks at finished batches, and goes on in the next call where this one ended; does nothing for ten minutes after it has seen all.
    /// What fails is left to the next round.
    /// </summary>
    /// <param name="client">The durable client.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task RunAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (time.GetUtcNow() < _next)
        {
            return;
        }

        var isOver = await _round.RunAsync(
            staging.FindOlderAsync(time.GetUtcNow() - Grace, cancellationToken),
            detected => detected.StagingBlob,
            detected => LookAsync(client, detected, cancellationToken),
            (detected, exception) => Log.LostEventLeft(logger, detected.BatchId, exception),
            cancellationToken);
        if (isOver)
        {
            _next = time.GetUtcNow() + Pause;
        }
    }

    private async Task LookAsync(DurableTaskClient client, BatchDetected detected, CancellationToken cancellationToken)
    {
        var id = BatchNames.InstanceId(detected.BatchId);
        var instance = await client.GetInstanceAsync(id, getInputsAndOutputs: false, cancellationToken);
        if (instance is not { IsCompleted: false })
        {
            await events.RaiseAsync(client, detected, cancellationToken);
        }
    }
}
