namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>The slots of a worker: a batch takes one, and one that has to be alone takes all of them. Thread-safe.</summary>
/// <param name="count">How many, from 1.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkerSlots(int count, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(count);

    // Two that want all of them would each wait for the slots of the other.
    private readonly SemaphoreSlim _all = new(1);

    /// <summary>Takes one slot, or all of them.</summary>
    /// <param name="isAlone">Whether nobody else may have one.</param>
    /// <param name="wait">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Dispose it to give the slots back; null when they were not free in time.</returns>
    internal async Task<IDisposable?> TakeAsync(bool isAlone, TimeSpan wait, CancellationToken cancellationToken)
    {
        if (!isAlone)
        {
            return await _slots.WaitAsync(wait, cancellationToken).ConfigureAwait(false) ? new Taken(_slots, 1) : null;
        }

        var begin = time.GetTimestamp();
        if (!await _all.WaitAsync(wait, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        var taken = 0;
        try
        {
            while (taken < count && await _slots.WaitAsync(Left(), cancellationToken).ConfigureAwait(false))
            {
                taken++;
            }

            if (taken < count)
            {
                return null;
            }

            taken = 0;
            return new Taken(_slots, count);
        }
        finally
        {
            if (taken > 0)
            {
                _slots.Release(taken);
            }

            _all.Release();
        }

        TimeSpan Left() => wait - time.GetElapsedTime(begin) is { Ticks: > 0 } left ? left : TimeSpan.Zero;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _slots.Dispose();
        _all.Dispose();
    }

    private sealed class Taken(SemaphoreSlim slots, int count) : IDisposable
    {
        public void Dispose() => slots.Release(count);
    }
}
