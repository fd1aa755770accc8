namespace Nanodet.Serverless.LocalHost.Worker;

/// <summary>
/// How long a dead worker's successor waits. The first restarts come at once, with pauses that tell one death from many; when they are used
/// up, each further one waits 30 seconds: no successor waits longer, because all work waits with it. Restarts that are older than the
/// window are forgotten.
/// </summary>
/// <param name="quick">Restarts within the window that come at once.</param>
/// <param name="window">The time in which restarts count.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class RestartBudget(int quick, TimeSpan window, TimeProvider timeProvider)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestQuickPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly Queue<long> _restarts = [];

    /// <summary>Restarts within the window, the latest included.</summary>
    public int Count => _restarts.Count;

    /// <summary>Counts a restart, and says how long it waits.</summary>
    public TimeSpan Take()
    {
        while (_restarts.TryPeek(out var oldest) && timeProvider.GetElapsedTime(oldest) >= window)
        {
            _restarts.Dequeue();
        }

        _restarts.Enqueue(timeProvider.GetTimestamp());
        return Count <= quick ? QuickPause() : LongestPause;
    }

    private TimeSpan QuickPause() => TimeSpan.FromMilliseconds(
        Math.Min(FirstPause.TotalMilliseconds * Math.Pow(2, Count - 1), LongestQuickPause.TotalMilliseconds));
}
