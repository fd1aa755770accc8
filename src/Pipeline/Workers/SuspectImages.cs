using Azure;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>
/// The images that may have killed a process, read from the marks of begun batches. After a death an image that came one by one is grouped
/// anew, so it may be in many batches, and each of them would cost a process before it is known to be dangerous. So a batch with an image
/// that is suspect runs alone from its beginning, and its deaths count against that image.
/// <para>
/// Suspect are all images of a batch of which a process died while none of them was at hand alone, until that batch is finished; and an
/// image that was. A batch that is alone only because it holds such an image makes none of its other images suspect; those run together, as
/// always, before the suspects run one by one. Nothing of its own lies in storage: when the marks are gone, so are the suspects.
/// </para>
/// <para>
/// The marks are listed at the first batch of a process, and then at most every <see cref="Fresh"/>: one request, and none for each batch.
/// A death of which another process learns meanwhile may cost one process more. Only batches that came the same way are looked at: of the
/// same job, or one by one. Thread-safe.
/// </para>
/// </summary>
/// <param name="begun">The marks.</param>
/// <param name="lists">The images of their batches.</param>
/// <param name="trace">Knows which processes are dead.</param>
/// <param name="options">When a process counts as dead.</param>
/// <param name="time">The clock.</param>
public sealed class SuspectImages(
    BegunBatches begun, BatchLists lists, ProcessTrace trace, IOptions<WorkerOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>How long what was listed is taken for true.</summary>
    internal static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    /// <summary>Jobs that end are not told to this class; what it knows of them is forgotten with all the rest.</summary>
    private const int MostFolders = 64;

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<string, (long At, HashSet<string> Images)> _known = new(StringComparer.Ordinal);
    private Dictionary<string, (ETag Etag, string[] Images)> _read = new(StringComparer.Ordinal);

    /// <summary>Those of the images that a batch has still to detect that are suspect.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="images">Its images, looked up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<IReadOnlyList<BatchImage>> FindAsync(
        BatchReference batch, IEnumerable<BatchImage> images, CancellationToken cancellationToken)
    {
        var open = images.Where(image => image.Outcome is null).ToList();
        if (open.Count == 0)
        {
            return [];
        }

        var suspects = await ReadAsync(batch, cancellationToken).ConfigureAwait(false);
        return open.FindAll(image => suspects.Contains(NameOf(image.Message)));
    }

    /// <summary>A process has died: what was listed before is no longer true.</summary>
    internal void Forget()
    {
        lock (_known)
        {
            _known.Clear();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private static string NameOf(ImageMessage image) => $"{image.Container}/{image.Name}";

    private async Task<HashSet<string>> ReadAsync(BatchReference batch, CancellationToken cancellationToken)
    {
        var folder = BatchNames.BegunFolder(batch);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            lock (_known)
            {
                if (_known.TryGetValue(folder, out var known) && time.GetElapsedTime(known.At) < Fresh)
                {
                    return known.Images;
                }
            }

            var at = time.GetTimestamp();
            var found = await ReadFolderAsync(folder, cancellationToken).ConfigureAwait(false);
            lock (_known)
            {
                if (_known.Count >= MostFolders)
                {
                    _known.Clear();
                }

                _known[folder] = (at, found);
            }

            return found;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<HashSet<string>> ReadFolderAsync(string folder, CancellationToken cancellationToken)
    {
        var suspects = new HashSet<string>(StringComparer.Ordinal);
        var read = new Dictionary<string, (ETag, string[])>(StringComparer.Ordinal);
        foreach (var mark in await begun.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            var isDead = IsDead(mark.Process, mark.Age);
            if (!mark.IsAlone && !isDead)
            {
                continue;
            }

            if (!_read.TryGetValue(mark.Name, out var before) || before.Etag != mark.Etag || mark.IsUnderWay)
            {
                before = (mark.Etag, await ReadMarkAsync(mark.Name, isDead, cancellationToken).ConfigureAwait(false));
            }

            read[mark.Name] = before;
            suspects.UnionWith(before.Images);
        }

        _read = read;
        return suspects;
    }

    private bool IsDead(string? process, TimeSpan age) =>
        process != trace.Id && (age >= options.Value.DeadAfter || (process is not null && trace.HasDied(process)));

    private async Task<string[]> ReadMarkAsync(string name, bool isDead, CancellationToken cancellationToken)
    {
        if (await begun.FindAsync(name, cancellationToken).ConfigureAwait(false) is not { State: var state })
        {
            return [];
        }

        var after = state.IsUnderWay && isDead ? state.AfterDeath() : state;
        var images = after.Deaths.Keys.Select(BatchImage.NameOf).ToList();
        if (after is { IsSuspect: true, Batch: { } batch })
        {
            images.AddRange((await lists.ReadWhatIsLeftAsync(batch, cancellationToken).ConfigureAwait(false)).Select(NameOf));
        }

        return [.. images];
    }
}
