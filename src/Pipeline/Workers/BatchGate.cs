namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>
/// Lets one delivery of a batch at a time through: a second one waits, and then finds what the first one left. Thread-safe.
/// </summary>
internal sealed class BatchGate
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = [];

    /// <summary>Waits for the deliveries before.</summary>
    /// <param name="batchId">The batch.</param>
    /// <param name="wait">How long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Dispose it to let the next one in; null when the time is over.</returns>
    internal async Task<IDisposable?> EnterAsync(string batchId, TimeSpan wait, CancellationToken cancellationToken)
    {
        Entry? entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(batchId, out entry))
            {
                entry = new Entry(this, batchId);
                _entries.Add(batchId, entry);
            }

            entry.Users++;
        }

        var isIn = false;
        try
        {
            isIn = await entry.Turn.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
            return isIn ? entry : null;
        }
        finally
        {
            if (!isIn)
            {
                Leave(entry);
            }
        }
    }

    private void Leave(Entry entry)
    {
        lock (_gate)
        {
            if (--entry.Users == 0)
            {
                _entries.Remove(entry.BatchId);
                entry.Turn.Dispose();
            }
        }
    }

    private sealed class Entry(BatchGate gate, string batchId) : IDisposable
    {
        internal string BatchId => batchId;

        internal SemaphoreSlim Turn { get; } = new(1);

        internal int Users { get; set; }

        public void Dispose()
        {
            Turn.Release();
            gate.Leave(this);
        }
    }
}
