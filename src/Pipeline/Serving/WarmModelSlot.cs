using Nanodet.Detection.Description;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>
/// The place of the one model that serves, and how far it is: whoever waits for a model waits here. Safe to call from several threads.
/// </summary>
internal sealed class WarmModelSlot
{
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();

    private TaskCompletionSource _changed = NewSignal();
    private LoadedModel? _loaded;
    private WarmModelStatus _status;

    /// <summary>An empty place, whose model is being loaded.</summary>
    /// <param name="time">The clock of states and waits.</param>
    internal WarmModelSlot(TimeProvider time)
    {
        _time = time;
        _status = new WarmModelStatus { State = WarmModelState.Loading, SinceUtc = time.GetUtcNow() };
    }

    /// <summary>How far it is.</summary>
    internal WarmModelStatus Status
    {
        get
        {
            lock (_gate)
            {
                // Shapes become ready while it serves.
                return _loaded is { Model.Shapes: { Count: > 0 } shapes } ? _status with { Shapes = shapes } : _status;
            }
        }
    }

    /// <summary>What the pointer named when the serving model was fetched; null where none serves, or no pointer is followed.</summary>
    internal string? Pointed
    {
        get
        {
            lock (_gate)
            {
                return _loaded?.Pointed;
            }
        }
    }

    /// <summary>Waits for a model.</summary>
    /// <param name="limit">How long; zero for not at all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A lease; null when there is none in time.</returns>
    internal async Task<ModelLease?> WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_loaded?.TryLease() is { } lease)
                {
                    return lease;
                }

                changed = _changed.Task;
            }

            var left = limit - _time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            try
            {
                await changed.WaitAsync(left, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    /// <summary>Lets a model serve from now on.</summary>
    /// <returns>The one whose place it took, or null; and whether it is the first of all.</returns>
    internal (LoadedModel? Old, bool IsFirst) Put(LoadedModel loaded)
    {
        var model = loaded.Model;
        lock (_gate)
        {
            var isFirst = _status.Loads == 0;
            var old = Interlocked.Exchange(ref _loaded, loaded);
            Enter(new WarmModelStatus
            {
                State = WarmModelState.Ready,
                Model = ResultModel.From(model),
                Provider = model.Provider.Name,
                FallbackReason = model.Provider.FallbackReason,
                Batching = loaded.Batcher.Plan,
                Form = model.Form,
                Runs = model.Runs,
                Optimization = model.Optimization,
                Loads = _status.Loads + 1,
                SinceUtc = _time.GetUtcNow(),
            });
            return (old, isFirst);
        }
    }

    /// <summary>Takes the serving model away because the machine cannot serve it now.</summary>
    /// <returns>The model; null when none serves.</returns>
    internal LoadedModel? TakeAway(string code, string reason)
    {
        lock (_gate)
        {
            var taken = Interlocked.Exchange(ref _loaded, null);
            if (taken is not null)
            {
                EnterNotReady(code, reason);
            }

            return taken;
        }
    }

    /// <summary>Takes a model away whose session is lost.</summary>
    /// <returns>False when it serves no more: somebody else reported it.</returns>
    internal bool TryTakeLost(LoadedModel lost, string reason)
    {
        lock (_gate)
        {
            if (_loaded != lost)
            {
                return false;
            }

            _loaded = null;
            EnterNotReady(ModelErrorCodes.SessionLost, reason);
            return true;
        }
    }

    /// <summary>Takes whatever model is there away; its state stays.</summary>
    internal LoadedModel? TakeAway()
    {
        lock (_gate)
        {
            return Interlocked.Exchange(ref _loaded, null);
        }
    }

    /// <summary>Notes that no model could be loaded.</summary>
    internal void Fail(string code, string reason)
    {
        lock (_gate)
        {
            Enter(new WarmModelStatus
            {
                State = WarmModelState.NotReady,
                Code = code,
                Reason = reason,
                Loads = _status.Loads,
                FailedTries = _status.FailedTries + 1,
                SinceUtc = _time.GetUtcNow(),
            });
        }
    }

    /// <summary>
    /// Notes why a model that was published does not take the place of the one that serves; null when nothing is in its way.
    /// </summary>
    /// <returns>True when it is news.</returns>
    internal bool NoteSwapProblem(string? problem)
    {
        lock (_gate)
        {
            if (_status.SwapProblem == problem || _status.State != WarmModelState.Ready)
            {
                return false;
            }

            _status = _status with { SwapProblem = problem };
            return true;
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void EnterNotReady(string code, string reason) => Enter(new WarmModelStatus
    {
        State = WarmModelState.NotReady,
        Code = code,
        Reason = reason,
        Loads = _status.Loads,
        SinceUtc = _time.GetUtcNow(),
    });

    /// <summary>Called with the gate held.</summary>
    private void Enter(WarmModelStatus status)
    {
        _status = status;
        Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
