namespace Nanodet.Detection.Batching;

/// <summary>How a <see cref="DynamicBatcher{TKey, TItem, TResult}"/> batches.</summary>
/// <param name="Lanes">Batches that run at the same time.</param>
/// <param name="MaxBatchSize">The most requests of a batch.</param>
/// <param name="MaxDelay">How long a request waits for others while a lane is free.</param>
/// <param name="Capacity">Requests that are waiting or running; further callers wait outside.</param>
internal sealed record BatchLimits(int Lanes, int MaxBatchSize, TimeSpan MaxDelay, int Capacity);
