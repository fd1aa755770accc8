using System.Diagnostics.CodeAnalysis;
using Nanodet.Detection.Detectors;

namespace Nanodet.Detection.Batching;

/// <summary>
/// Puts requests of many callers into runs. A free lane takes what has waited longest, as soon as it fills a run or has waited for
/// <see cref="BatchingLimits.MaxDelay"/>; while all lanes are busy, runs fill by themselves. Lanes are threads of their own: the work is
/// synchronous, and must not keep the thread pool from serving everything else.
/// </summary>
/// <typeparam name="TKey">Only requests of equal keys share a run.</typeparam>
/// <typeparam name="TItem">What is asked for.</typeparam>
/// <typeparam name="TResult">What is answered.</typeparam>
internal sealed class DynamicBatcher<TKey, TItem, TResult> : IDisposable
    where TKey : notnull
{
    private readonly object _gate = new();
    private readonly WaitingRequests<TKey, TItem, TResult> _waiting;
    private readonly SemaphoreSlim _places;
    private readonly Func<TKey, IReadOnlyList<TItem>, CancellationToken, IReadOnlyList<TResult>> _run;
    private readonly Func<Exception, RunFault> _judge;
    private readonly Func<TKey, bool> _canRun;
    private readonly Action<TimeSpan>? _waited;
    private readonly TimeProvider _time;
    private readonly ITimer _due;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private BatchingLimits _limits;
    private TaskCompletionSource? _idle;
    private int _requests;
    private int _openLanes;
    private int _freeLanes;
    private bool _isClosed;

    /// <summary>Starts the lanes.</summary>
    /// <param name="limits">How to batch.</param>
    /// <param name="run">Does the work of a run: one result for each item, in the same order.</param>
    /// <param name="judge">What a failure of it means.</param>
    /// <param name="time">The clock of the delay.</param>
    /// <param name="waited">Told how long each request waited for its run; null for nobody.</param>
    /// <param name="canRun">
    /// Whether a run could begin; one that cannot waits without a lane until <see cref="Wake"/>. Called often, and must not wait; null for
    /// always.
    /// </param>
    internal DynamicBatcher(
        BatchingLimits limits,
        Func<TKey, IReadOnlyList<TItem>, CancellationToken, IReadOnlyList<TResult>> run,
        Func<Exception, RunFault> judge,
        TimeProvider time,
        Action<TimeSpan>? waited = null,
        Func<TKey, bool>? canRun = null)
    {
        _limits = limits;
        _run = run;
        _judge = judge;
        _time = time;
        _waited = waited;
        _canRun = canRun ?? (static _ => true);
        _waiting = new WaitingRequests<TKey, TItem, TResult>(time);
        _places = new SemaphoreSlim(limits.Capacity);
        _due = time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _openLanes = limits.Lanes;
        for (var lane = 0; lane < limits.Lanes; lane++)
        {
            new Thread(RunLane) { IsBackground = true, Name = $"nanodet lane {lane}" }.Start();
        }
    }

    /// <summary>The limits as they are now: <see cref="RunFault.OfSize"/> makes runs smaller.</summary>
    internal BatchingLimits Limits => Volatile.Read(ref _limits);

    /// <summary>Ends when the lanes have ended, after <see cref="Dispose"/> and the last request.</summary>
    internal Task Completion => _ended.Task;

    /// <summary>Lanes that have nothing to do.</summary>
    internal int FreeLanes => Volatile.Read(ref _freeLanes);

    /// <summary>Requests that are not answered yet, those that wait for a place included.</summary>
    internal int Requests => Volatile.Read(ref _requests);

    /// <summary>Asks, and waits for a place first where there is none: the queue does not grow beyond its capacity.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; others of the run are not disturbed.</exception>
    /// <exception cref="ObjectDisposedException">The batcher is closed.</exception>
    internal async Task<TResult> SubmitAsync(TKey key, TItem item, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _requests);
        try
        {
            await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                var request = Enqueue(key, item);
                using var registration = cancellationToken.UnsafeRegister(
                    (state, token) => Cancel((PendingRequest<TItem, TResult>)state!, key, token), request);
                return await request.Answer.ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Waits until no request is left; those that wait for others wait no longer meanwhile.</summary>
    internal async Task DrainAsync(CancellationToken cancellationToken)
    {
        Task idle;
        lock (_gate)
        {
            if (Requests == 0)
            {
                return;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _idle.Task;
            Monitor.PulseAll(_gate);
        }

        await idle.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes no further requests; those that are there are still answered. Waits for nothing.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private PendingRequest<TItem, TResult> Enqueue(TKey key, TItem item)
    {
        var request = new PendingRequest<TItem, TResult>(item, _time.GetTimestamp());
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _waiting.Add(key, request);
            Monitor.Pulse(_gate);
        }

        return request;
    }

    private void Cancel(PendingRequest<TItem, TResult> request, TKey key, CancellationToken cancellationToken)
    {
        if (!request.Cancel(cancellationToken))
        {
            return;
        }

        lock (_gate)
        {
            if (!_waiting.Remove(key, request) && request.Run is { } run && run.GiveUp())
            {
                run.Stop();
            }
        }
    }

    private void Leave()
    {
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            if (Interlocked.Decrement(ref _requests) == 0)
            {
                (idle, _idle) = (_idle, null);
            }
        }

        idle?.TrySetResult();
    }

    /// <summary>Has the lanes look again: something that could not run may be able to.</summary>
    internal void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private void RunLane()
    {
        while (TryTake(out var key, out var run))
        {
            Work(key, run.Requests, run.Token);
            lock (_gate)
            {
                foreach (var request in run.Requests)
                {
                    request.Run = null;
                }
            }

            run.Dispose();
        }

        if (Interlocked.Decrement(ref _openLanes) == 0)
        {
            _due.Dispose();
            _ended.TrySetResult();
        }
    }

    /// <summary>Waits for a run; false when the batcher is closed and empty.</summary>
    private bool TryTake([MaybeNullWhen(false)] out TKey key, [NotNullWhen(true)] out LaneRun<TItem, TResult>? run)
    {
        lock (_gate)
        {
            _freeLanes++;
            while (true)
            {
                if (_waiting.FindReady(_limits, _isClosed || _idle is not null, _canRun, out key, out var wait))
                {
                    run = Take(key);
                    _freeLanes--;
                    if (!_waiting.IsEmpty)
                    {
                        // Another lane may find work in what is left.
                        Monitor.Pulse(_gate);
                    }

                    return true;
                }

                if (_isClosed && _waiting.IsEmpty)
                {
                    Monitor.PulseAll(_gate);
                    run = null;
                    return false;
                }

                if (wait is { } left)
                {
                    _due.Change(left, Timeout.InfiniteTimeSpan);
                }

                Monitor.Wait(_gate);
            }
        }
    }

    private LaneRun<TItem, TResult> Take(TKey key)
    {
        var size = _limits.MaxRunSize;
        if (_limits.IsSharedOut)
        {
            _waiting.MarkDue(key);
            size = Math.Min(size, (_waiting.Count(key) + _freeLanes - 1) / _freeLanes);
        }

        var run = new LaneRun<TItem, TResult>(_waiting.Take(key, size));
        foreach (var request in run.Requests)
        {
            request.Run = run;
            _waited?.Invoke(_time.GetElapsedTime(request.Arrived));
        }

        return run;
    }

    /// <summary>Runs requests and answers each of them, whatever happens.</summary>
    private void Work(TKey key, IReadOnlyList<PendingRequest<TItem, TResult>> requests, CancellationToken cancellationToken)
    {
        var open = requests.Where(request => !request.IsAnswered).ToArray();
        if (open.Length == 0)
        {
            return;
        }

        try
        {
            var results = _run(key, Array.ConvertAll(open, request => request.Item), cancellationToken);
            if (results.Count != open.Length)
            {
                throw new InvalidOperationException($"Expected {open.Length} results of a run, found {results.Count}.");
            }

            for (var i = 0; i < open.Length; i++)
            {
                open[i].Succeed(results[i]);
            }
        }
        catch (Exception exception)
        {
            Recover(key, open, exception, cancellationToken);
        }
    }

    private void Recover(
        TKey key, PendingRequest<TItem, TResult>[] open, Exception exception, CancellationToken cancellationToken)
    {
        var fault = _judge(exception);
        if (open.Length == 1 || fault == RunFault.OfAll || cancellationToken.IsCancellationRequested)
        {
            Array.ForEach(open, request => request.Fail(exception));
            return;
        }

        if (fault == RunFault.OfSize)
        {
            Shrink(RunHalving.Half(open.Length));
        }

        foreach (var part in open.Chunk(fault == RunFault.OfSize ? RunHalving.Half(open.Length) : 1))
        {
            Work(key, part, cancellationToken);
        }
    }

    private void Shrink(int size)
    {
        lock (_gate)
        {
            _limits = _limits with { MaxRunSize = Math.Min(size, _limits.MaxRunSize) };
        }
    }
}
