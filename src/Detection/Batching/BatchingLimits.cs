namespace Nanodet.Detection.Batching;

/// <summary>How a <see cref="DynamicBatcher{TKey, TItem, TResult}"/> batches.</summary>
/// <param name="Lanes">Runs that are made at the same time.</param>
/// <param name="MaxRunSize">The most requests of a run.</param>
/// <param name="MaxDelay">How long a request waits for others while a lane is free.</param>
/// <param name="Capacity">Requests that are waiting or running; further callers wait outside.</param>
/// <param name="IsSharedOut">
/// Whether what waits is shared out among the free lanes, rather than given to one as far as it fits a run: where lanes have more to do
/// than the run, all of them are to do it.
/// </param>
internal sealed record BatchingLimits(int Lanes, int MaxRunSize, TimeSpan MaxDelay, int Capacity, bool IsSharedOut = false);
