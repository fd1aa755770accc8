namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>
/// The identities that this worker is computing or has just computed. Whoever enters one that is in flight waits for its end. Batches
/// have to enter theirs in ascending order: then no two of them can wait for each other.
/// </summary>
/// <param name="capacity">How many finished identities are remembered.</param>
internal sealed class IdentityRegister(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = [];
    private readonly Queue<(string Identity, Entry Entry)> _finished = [];

    /// <summary>Claims an identity.</summary>
    /// <returns>Null when the caller now has it and must leave it; else the staging blob of the batch that computed it.</returns>
    internal async Task<string?> EnterAsync(string identity, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<string?> inFlight;
            lock (_gate)
            {
                if (!_entries.TryGetValue(identity, out var entry))
                {
                    _entries.Add(identity, new Entry());
                    return null;
                }

                inFlight = entry.Done.Task;
            }

            if (await inFlight.WaitAsync(cancellationToken).ConfigureAwait(false) is { } stagingBlob)
            {
                return stagingBlob;
            }
        }
    }

    /// <summary>Ends a claim.</summary>
    /// <param name="identity">The identity.</param>
    /// <param name="stagingBlob">Where its result lies; null when it was not computed, so that somebody else may try.</param>
    internal void Leave(string identity, string? stagingBlob)
    {
        Entry? entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(identity, out entry))
            {
                return;
            }

            if (stagingBlob is null || capacity == 0)
            {
                _entries.Remove(identity);
            }
            else
            {
                _finished.Enqueue((identity, entry));
                while (_finished.Count > capacity)
                {
                    var (oldest, its) = _finished.Dequeue();
                    Remove(oldest, its);
                }
            }
        }

        entry.Done.TrySetResult(stagingBlob);
    }

    /// <summary>Forgets a finished identity whose result is not there any more.</summary>
    internal void Forget(string identity, string stagingBlob)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(identity, out var entry)
                && entry.Done.Task is { IsCompletedSuccessfully: true, Result: var its } && its == stagingBlob)
            {
                _entries.Remove(identity);
            }
        }
    }

    /// <summary>A queued identity may have been forgotten and entered again since.</summary>
    private void Remove(string identity, Entry its)
    {
        if (_entries.TryGetValue(identity, out var entry) && entry == its)
        {
            _entries.Remove(identity);
        }
    }

    private sealed class Entry
    {
        internal TaskCompletionSource<string?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
