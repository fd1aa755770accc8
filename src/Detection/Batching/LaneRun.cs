namespace Nanodet.Detection.Batching;

/// <summary>Requests that a lane has in hand. When the last of them is cancelled, so is the work.</summary>
internal sealed class LaneRun<TItem, TResult>(IReadOnlyList<PendingRequest<TItem, TResult>> requests) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _wanted = requests.Count;

    internal IReadOnlyList<PendingRequest<TItem, TResult>> Requests { get; } = requests;

    internal CancellationToken Token => _stop.Token;

    /// <summary>True when nobody waits for the run any more.</summary>
    internal bool GiveUp() => Interlocked.Decrement(ref _wanted) == 0;

    internal void Stop() => _stop.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();
}
