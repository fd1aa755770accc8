using System.Diagnostics.CodeAnalysis;

namespace Nanodet.Detection.Batching;

/// <summary>
/// The requests of a <see cref="DynamicBatcher{TKey, TItem, TResult}"/> that no lane has taken yet, in the order of their arrival. Not
/// thread-safe: the batcher's gate is held.
/// </summary>
internal sealed class WaitingRequests<TKey, TItem, TResult>(TimeProvider time)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedList<PendingRequest<TItem, TResult>>> _queues = [];

    private readonly Dictionary<TKey, int> _due = [];

    internal bool IsEmpty => _queues.Count == 0;

    internal void Add(TKey key, PendingRequest<TItem, TResult> request)
    {
        if (!_queues.TryGetValue(key, out var queue))
        {
            queue = [];
            _queues.Add(key, queue);
        }

        request.Node = queue.AddLast(request);
    }

    /// <summary>False when a lane has taken it.</summary>
    internal bool Remove(TKey key, PendingRequest<TItem, TResult> request)
    {
        if (request.Node is not { List: { } queue } node)
        {
            return false;
        }

        request.Node = null;
        queue.Remove(node);
        if (_due.TryGetValue(key, out var due))
        {
            _due[key] = due - 1;
        }

        if (queue.Count == 0)
        {
            _queues.Remove(key);
            _due.Remove(key);
        }

        return true;
    }

    /// <summary>Of the runs that are full or have waited long enough, the one whose first request came first.</summary>
    /// <param name="limits">What is full, and what is long.</param>
    /// <param name="isHurried">Nothing waits for others.</param>
    /// <param name="canRun">Whether a run could begin; one that cannot is left alone.</param>
    /// <param name="key">The run.</param>
    /// <param name="wait">Without one: how long until there is one, unless more requests come; null where none waits.</param>
    internal bool FindReady(
        BatchingLimits limits, bool isHurried, Func<TKey, bool> canRun, [MaybeNullWhen(false)] out TKey key, out TimeSpan? wait)
    {
        key = default;
        wait = null;
        long? first = null;
        foreach (var (candidate, queue) in _queues)
        {
            if (!canRun(candidate))
            {
                continue;
            }

            var arrived = queue.First!.Value.Arrived;
            var left = limits.MaxDelay - time.GetElapsedTime(arrived);
            if (!isHurried && _due.GetValueOrDefault(candidate) <= 0 && queue.Count < limits.MaxRunSize && left > TimeSpan.Zero)
            {
                wait = wait is null || left < wait ? left : wait;
            }
            else if (first is null || arrived < first)
            {
                (first, key) = (arrived, candidate);
            }
        }

        return first is not null;
    }

    /// <summary>How many requests of a run there are.</summary>
    internal int Count(TKey key) => _queues[key].Count;

    /// <summary>Has as many requests of a run as are there now wait for no others: they are shared out among several lanes.</summary>
    internal void MarkDue(TKey key)
    {
        if (_due.GetValueOrDefault(key) <= 0)
        {
            _due[key] = _queues[key].Count;
        }
    }

    /// <summary>Takes the first requests of a run.</summary>
    internal List<PendingRequest<TItem, TResult>> Take(TKey key, int limit)
    {
        var queue = _queues[key];
        var requests = new List<PendingRequest<TItem, TResult>>(Math.Min(queue.Count, limit));
        while (requests.Count < limit && queue.First is { } node)
        {
            requests.Add(node.Value);
            Remove(key, node.Value);
        }

        return requests;
    }
}
