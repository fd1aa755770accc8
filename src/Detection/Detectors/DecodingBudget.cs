namespace Nanodet.Detection.Detectors;

/// <summary>
/// Memory of a process for images that are decoded at the same time. Whoever decodes takes all that it needs at once, so that nobody waits
/// for a share while holding another; the shares are given in the order of arrival.
/// </summary>
internal sealed class DecodingBudget
{
    private readonly object _gate = new();
    private readonly LinkedList<object> _waiting = [];
    private long _used;

    /// <summary>The budget of all detectors of this process.</summary>
    internal static DecodingBudget OfProcess { get; } = new();

    /// <summary>Bytes that are taken now.</summary>
    internal long Used
    {
        get
        {
            lock (_gate)
            {
                return _used;
            }
        }
    }

    /// <summary>How many wait for a share.</summary>
    internal int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Takes a share, and waits until there is room for it; alone, any share has room.</summary>
    /// <param name="bytes">How much, in bytes.</param>
    /// <param name="limit">The most that may be taken together, in bytes, as the caller sees it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The share; disposing gives it back.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled while this waited.</exception>
    internal DecodingShare Take(long bytes, long limit, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 && HasRoom(bytes, limit))
            {
                _used += bytes;
                return new DecodingShare(this, bytes);
            }
        }

        using var registration = cancellationToken.UnsafeRegister(static budget => ((DecodingBudget)budget!).Wake(), this);
        lock (_gate)
        {
            var place = _waiting.AddLast(new object());
            try
            {
                while (_waiting.First != place || !HasRoom(bytes, limit))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Monitor.Wait(_gate);
                }

                _used += bytes;
                return new DecodingShare(this, bytes);
            }
            finally
            {
                // The next in line may have room, too.
                _waiting.Remove(place);
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Takes a share back.</summary>
    internal void Return(long bytes)
    {
        lock (_gate)
        {
            _used -= bytes;
            Monitor.PulseAll(_gate);
        }
    }

    private bool HasRoom(long bytes, long limit) => _used == 0 || _used + bytes <= limit;

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }
}
