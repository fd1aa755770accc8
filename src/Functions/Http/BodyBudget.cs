namespace Nanodet.Serverless.Functions.Http;

/// <summary>Places and bytes that all bodies of a process share. Safe to call from several threads.</summary>
/// <param name="places">Bodies that are received at the same time.</param>
/// <param name="bytes">Bytes of all bodies that somebody holds.</param>
internal sealed class BodyBudget(int places, long bytes)
{
    private readonly Lock _gate = new();
    private int _taken;
    private long _used;

    /// <summary>Bytes that are held.</summary>
    public long Used
    {
        get
        {
            lock (_gate)
            {
                return _used;
            }
        }
    }

    /// <summary>Takes a place, when there is one.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_taken == places)
            {
                return false;
            }

            _taken++;
            return true;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _taken--;
        }
    }

    /// <summary>Takes bytes. One body alone may have as many as it wants: the limit of a body is somebody else's.</summary>
    /// <param name="held">What the body has already.</param>
    /// <param name="more">What it wants beside that.</param>
    public bool TryTake(long held, long more)
    {
        lock (_gate)
        {
            if (_used + more > bytes && _used > held)
            {
                return false;
            }

            _used += more;
            return true;
        }
    }

    /// <summary>Gives bytes back.</summary>
    public void Give(long less)
    {
        lock (_gate)
        {
            _used -= less;
        }
    }
}
