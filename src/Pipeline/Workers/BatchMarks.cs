using Azure;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>
/// Knows whether the process that began a batch has died, and at which image: see docs/architecture.md, A worker that dies. Two
/// deliveries of one batch must not ask at the same time within one process. A process is dead when its mark was not renewed for
/// <see cref="WorkerOptions.DeadAfter"/>, or at once when it has left its <see cref="ProcessTrace"/> on this machine.
/// </summary>
/// <param name="begun">The marks.</param>
/// <param name="suspects">Learns of deaths.</param>
/// <param name="trace">Knows which processes are dead.</param>
/// <param name="queues">Takes a batch back.</param>
/// <param name="options">When a process counts as dead.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed class BatchMarks(
    BegunBatches begun,
    SuspectImages suspects,
    ProcessTrace trace,
    MessageQueues queues,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<BatchMarks> logger)
{
    private const int BeatsBeforeDeath = 3;

    /// <summary>Marks a batch as begun.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="isAlone">Whether no other batch is being worked on by this process. Then its images run one by one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The work to dispose; or the mark that is in its way: of another process that works on the batch or died of it, or, unless
    /// <paramref name="isAlone"/>, one that says that the batch has to be alone.
    /// </returns>
    internal async Task<(BatchWork? Work, BatchMark? InTheWay)> BeginAsync(
        BatchReference batch, bool isAlone, CancellationToken cancellationToken)
    {
        while (true)
        {
            var state = new BegunBatch { Process = trace.Id, IsUnderWay = true, IsAlone = isAlone, Batch = PlaceOf(batch) };
            if (await begun.TryCreateAsync(batch, state, cancellationToken).ConfigureAwait(false) is { } created)
            {
                return (Start(batch, state, created), null);
            }

            if (await begun.FindAsync(batch, cancellationToken).ConfigureAwait(false) is not { } found)
            {
                continue;
            }

            // A mark of this process is one that it could not remove: it is alive, so it did not die of the batch.
            if ((found.State.IsUnderWay && found.State.Process != trace.Id) || (found.State.IsAlone && !isAlone))
            {
                return (null, found);
            }

            state = state with
            {
                IsAlone = found.State.IsAlone || isAlone,
                IsSuspect = found.State.IsSuspect,
                Deaths = found.State.Deaths,
            };
            if (await begun.TryReplaceAsync(batch, state, found.Etag, cancellationToken).ConfigureAwait(false) is { } taken)
            {
                return (Start(batch, state, taken), null);
            }
        }
    }

    /// <summary>
    /// Waits until it is clear whether the process that began a batch is alive. If it is dead, the batch goes back to the queue as a new
    /// message, whose deliveries count anew: it did not fail, it was interrupted.
    /// </summary>
    /// <param name="message">The batch.</param>
    /// <param name="found">The mark of the other process.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>True when the mark is gone or free, so that the batch may be tried; false when there is nothing more to do.</returns>
    internal async Task<bool> IsFreeAsync(BatchMessage message, BatchMark found, CancellationToken cancellationToken)
    {
        var batch = message.Batch;
        for (var last = found; ;)
        {
            if (IsDead(last))
            {
                var after = last.State.AfterDeath();
                if (await begun.TryReplaceAsync(batch, after, last.Etag, cancellationToken).ConfigureAwait(false) is not null)
                {
                    suspects.Forget();
                    Log.WorkerDied(logger, batch.BatchId, last.State.AtHand, last.State.IsAlone);
                    await queues.SendBatchAsync(message, cancellationToken).ConfigureAwait(false);
                }

                return false;
            }

            // Ages are whole seconds.
            await Task.Delay(options.Value.DeadAfter - last.Age + TimeSpan.FromSeconds(1), time, cancellationToken).ConfigureAwait(false);
            if (await begun.FindAsync(batch, cancellationToken).ConfigureAwait(false) is not { State.IsUnderWay: true } now)
            {
                return true;
            }

            if (now.Etag != found.Etag)
            {
                Log.BatchElsewhere(logger, batch.BatchId, message.Attempt);
                return false;
            }

            last = now;
        }
    }

    /// <summary>
    /// How often processes died at images in other batches, each time alone. An image that comes one by one is grouped anew when a process
    /// dies, so it may be in several batches; each would have to lose its own processes otherwise.
    /// </summary>
    /// <param name="batch">The batch that is left out.</param>
    /// <param name="images">See <see cref="BatchImage.Subject"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The deaths by the image, where there are any.</returns>
    internal async Task<Dictionary<string, int>> CountOtherDeathsAsync(
        BatchReference batch, IReadOnlySet<string> images, CancellationToken cancellationToken)
    {
        var (own, deaths) = (BatchNames.Begun(batch), new Dictionary<string, int>(StringComparer.Ordinal));
        foreach (var mark in await begun.ListAsync(BatchNames.BegunFolder(batch), cancellationToken).ConfigureAwait(false))
        {
            if (!mark.IsAlone || mark.Name == own
                || await begun.FindAsync(mark.Name, cancellationToken).ConfigureAwait(false) is not { } found)
            {
                continue;
            }

            var state = await HasDiedAtOneAsync(mark.Name, found, images, cancellationToken).ConfigureAwait(false)
                ? found.State.AfterDeath()
                : found.State;
            foreach (var (image, count) in state.Deaths.Where(death => images.Contains(death.Key)))
            {
                deaths[image] = deaths.GetValueOrDefault(image) + count;
            }
        }

        return deaths;
    }

    /// <summary>Waits until it is clear whether a process died at one of the images and nobody has counted it yet.</summary>
    private async Task<bool> HasDiedAtOneAsync(
        string name, BatchMark found, IReadOnlySet<string> images, CancellationToken cancellationToken)
    {
        if (found.State is not { IsUnderWay: true, IsAlone: true, AtHand: { } image } || !images.Contains(image)
            || found.State.Process == trace.Id)
        {
            return false;
        }

        if (IsDead(found))
        {
            return true;
        }

        // Ages are whole seconds.
        await Task.Delay(options.Value.DeadAfter - found.Age + TimeSpan.FromSeconds(1), time, cancellationToken).ConfigureAwait(false);
        return await begun.FindAsync(name, cancellationToken).ConfigureAwait(false) is { } now && now.Etag == found.Etag;
    }

    /// <summary>Whether the process that works on a batch is dead; false as well when one cannot tell yet.</summary>
    private bool IsDead(BatchMark found) => found.Age >= options.Value.DeadAfter || trace.HasDied(found.State.Process);

    /// <summary>Those images of a batch that may have killed a process: with one of them it has to be alone.</summary>
    internal Task<IReadOnlyList<BatchImage>> FindSuspectsAsync(
        BatchReference batch, IEnumerable<BatchImage> images, CancellationToken cancellationToken) =>
        suspects.FindAsync(batch, images, cancellationToken);

    /// <summary>Renews or changes the mark of this process.</summary>
    /// <returns>Its new ETag; null when it is in other hands.</returns>
    internal async Task<ETag?> RenewAsync(BatchReference batch, BegunBatch state, ETag etag, CancellationToken cancellationToken)
    {
        if (await begun.TryReplaceAsync(batch, state, etag, cancellationToken).ConfigureAwait(false) is { } renewed)
        {
            return renewed;
        }

        // A write whose answer was lost is done, and its repetition is refused.
        var found = await begun.FindAsync(batch, cancellationToken).ConfigureAwait(false);
        return found?.State.Process == trace.Id ? found.Etag : null;
    }

    /// <summary>
    /// Removes the mark of a batch whose work has ended in order, finished or not. One of which a process died keeps what is known of its
    /// images until it is finished. What fails is logged: the batch is what it is, with its mark or without.
    /// </summary>
    internal async Task EndAsync(BatchReference batch, BatchWork work)
    {
        if (work.Etag is not { } etag)
        {
            return;
        }

        try
        {
            if (!work.IsFinished && (work.State.IsSuspect || work.State.Deaths.Count > 0))
            {
                var free = work.State with { IsUnderWay = false, AtHand = null };
                await RenewAsync(batch, free, etag, CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                await RemoveAsync(batch, etag).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            LogLate(batch, exception);
        }
    }

    /// <summary>
    /// Removes the mark of a batch that is staged: a process that died between the two left it, and nobody will come to it again.
    /// </summary>
    internal Task ForgetAsync(BatchReference batch, CancellationToken cancellationToken) => begun.ForgetAsync(batch, cancellationToken);

    internal void LogLate(BatchReference batch, Exception exception) =>
        Log.MarkNotWritten(logger, batch.BatchId, StorageFailure.Explain(exception) ?? exception.Message);

    private async Task RemoveAsync(BatchReference batch, ETag etag)
    {
        if (await begun.TryRemoveAsync(batch, etag, CancellationToken.None).ConfigureAwait(false))
        {
            return;
        }

        // Gone with its job, in other hands, or written by a beat whose answer was lost.
        if (await begun.FindAsync(batch, CancellationToken.None).ConfigureAwait(false) is { } found && found.State.Process == trace.Id)
        {
            await begun.TryRemoveAsync(batch, found.Etag, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Where the images of a batch are; how they are detected is no business of a mark.</summary>
    private static BatchReference PlaceOf(BatchReference batch) => new()
    {
        BatchId = batch.BatchId,
        Blob = batch.Blob,
        Offset = batch.Offset,
        Count = batch.Count,
        JobId = batch.JobId,
        Page = batch.Page,
    };

    private BatchWork Start(BatchReference batch, BegunBatch state, ETag etag) =>
        new(this, batch, state, etag, new PeriodicTimer(options.Value.DeadAfter / BeatsBeforeDeath, time));
}
