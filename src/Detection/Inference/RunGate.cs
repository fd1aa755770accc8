namespace Nanodet.Detection.Inference;

/// <summary>
/// Lets one in at a time, in the order in which they came; <see cref="SemaphoreSlim"/> and <see cref="Monitor"/> promise no order. Whoever
/// waits blocks its thread: that is a lane's, which has nothing else to do.
/// </summary>
internal sealed class RunGate
{
    private readonly Queue<Turn> _waiting = new();
    private bool _isTaken;

    /// <summary>How many wait.</summary>
    internal int Waiting
    {
        get
        {
            lock (_waiting)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Waits for its turn; <see cref="Exit"/> has to follow.</summary>
    internal void Enter()
    {
        Turn turn;
        lock (_waiting)
        {
            if (!_isTaken)
            {
                _isTaken = true;
                return;
            }

            turn = new Turn();
            _waiting.Enqueue(turn);
        }

        lock (turn)
        {
            while (!turn.HasCome)
            {
                Monitor.Wait(turn);
            }
        }
    }

    /// <summary>Hands over to the one that has waited longest.</summary>
    internal void Exit()
    {
        Turn? next;
        lock (_waiting)
        {
            if (!_waiting.TryDequeue(out next))
            {
                _isTaken = false;
                return;
            }
        }

        lock (next)
        {
            next.HasCome = true;
            Monitor.Pulse(next);
        }
    }

    private sealed class Turn
    {
        internal bool HasCome { get; set; }
    }
}
