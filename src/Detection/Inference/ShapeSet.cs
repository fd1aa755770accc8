using System.Diagnostics;

namespace Nanodet.Detection.Inference;

/// <summary>
/// The sessions of one shape, each for a size of runs. The first one makes it ready; further ones join while it serves, or take the place
/// of a provisional one. One that fails is left out; when the first one does, whoever waits gets its exception, and the next request tries
/// again.
/// </summary>
internal sealed class ShapeSet : IDisposable
{
    // A card that had nothing to do needs some runs until it is fast.
    private static readonly TimeSpan Measurement = TimeSpan.FromMilliseconds(20);

    private readonly RunShape _shape;
    private readonly ShapedRunsOptions _options;
    private readonly Func<ShapeStep, IShapeSession> _open;
    private readonly ShapeBuilder _builder;
    private readonly Action _changed;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, ShapeMember> _members = [];
    private readonly List<ShapeMember> _retired = [];
    private TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RunLadder? _ladder;
    private int _begun;
    private int _making;
    private bool _isWished;
    private bool _isFreeing;
    private long _images;

    /// <summary>A set without sessions.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="options">Which sessions.</param>
    /// <param name="open">Makes a session, warmed.</param>
    /// <param name="builder">Where that is done.</param>
    /// <param name="changed">Told when the set has become ready, or cannot.</param>
    internal ShapeSet(
        RunShape shape, ShapedRunsOptions options, Func<ShapeStep, IShapeSession> open, ShapeBuilder builder, Action changed)
    {
        _shape = shape;
        _options = options;
        _open = open;
        _builder = builder;
        _changed = changed;
    }

    /// <summary>Whether a request would be run, or fail, without waiting for a session.</summary>
    internal bool IsReady => Volatile.Read(ref _ready).Task.IsCompleted;

    /// <summary>Whether nothing is being made for it.</summary>
    internal bool IsSettled
    {
        get
        {
            lock (_gate)
            {
                return _making == 0;
            }
        }
    }

    /// <summary>What it is ready for.</summary>
    internal IReadOnlyList<ShapeStatus> Status
    {
        get
        {
            lock (_gate)
            {
                return
                [
                    .. _members.Select(member => new ShapeStatus(
                        _shape.Height,
                        _shape.Width,
                        member.Key,
                        member.Value.Seconds * 1000,
                        member.Value.WarmedIn.TotalMilliseconds,
                        member.Value.Session.IsGraph,
                        member.Value.IsProvisional,
                        member.Value.Note)),
                ];
            }
        }
    }

    /// <summary>Measures the sessions again, for longer; nothing may be made meanwhile.</summary>
    internal void Measure(TimeSpan atLeast)
    {
        ShapeMember[] members;
        lock (_gate)
        {
            members = [.. _members.Values];
        }

        foreach (var member in members)
        {
            var seconds = member.Session.Measure(atLeast);
            lock (_gate)
            {
                foreach (var (size, _) in _members.Where(other => other.Value.Session == member.Session).ToArray())
                {
                    _members[size] = _members[size] with { Seconds = seconds };
                }

                Climb();
            }
        }
    }

    /// <summary>Begins to make the first session, unless that was done.</summary>
    internal void Begin()
    {
        lock (_gate)
        {
            BeginHeld();
        }
    }

    /// <summary>Has every session made, whatever the demand; it begins when the first one is there.</summary>
    internal void MakeAll()
    {
        lock (_gate)
        {
            _isWished = true;
            if (_members.Count == 0)
            {
                return;
            }
        }

        MakeMore();
    }

    /// <summary>Waits for the first session; when it cannot be made, the exception says why, and the next request tries again.</summary>
    internal void WaitUntilReady()
    {
        // In one step: another thread may have given up on the session that was begun before.
        TaskCompletionSource ready;
        lock (_gate)
        {
            ready = _ready;
            BeginHeld();
        }

        try
        {
            ready.Task.GetAwaiter().GetResult();
        }
        catch
        {
            lock (_gate)
            {
                if (_ready == ready)
                {
                    _ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    _begun = 0;
                }
            }

            throw;
        }
    }

    /// <summary>Makes the runs for some images; the set is ready.</summary>
    /// <param name="count">How many.</param>
    /// <param name="run">Makes a run: the session, its first image and how many.</param>
    internal void Run(int count, Action<IShapeSession, int, int> run)
    {
        var runs = Enter(count);
        try
        {
            var first = 0;
            foreach (var (member, size) in runs)
            {
                var images = Math.Min(size, count - first);
                run(member.Session, first, images);
                first += images;
            }
        }
        finally
        {
            Leave(runs);
        }
    }

    /// <summary>Frees the sessions; nothing may be under way.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var member in _members.Values.Concat(_retired))
            {
                member.Session.Dispose();
            }

            _members.Clear();
            _retired.Clear();
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void BeginHeld()
    {
        if (_begun == 0)
        {
            (_begun, _making) = (1, 1);
            _builder.Add(() => Make(_options.Steps[0]), isUrgent: true);
        }
    }

    private List<(ShapeMember Member, int Size)> Enter(int count)
    {
        var runs = new List<(ShapeMember, int)>();
        lock (_gate)
        {
            _images += count;
            for (var left = count; left > 0; left -= _options.Largest)
            {
                runs.AddRange(_ladder!.Plan(Math.Min(left, _options.Largest)).Select(size => (_members[size], size)));
            }

            runs.ForEach(run => run.Item1.Use.Runs++);
        }

        MakeMore();
        return runs;
    }

    private void Leave(List<(ShapeMember Member, int Size)> runs)
    {
        bool mayFree;
        lock (_gate)
        {
            runs.ForEach(run => run.Member.Use.Runs--);
            mayFree = !_isFreeing && _retired.Exists(member => member.Use.Runs == 0);
            _isFreeing |= mayFree;
        }

        if (mayFree)
        {
            // By a thread that captures nothing meanwhile.
            _builder.Add(Free, isUrgent: false);
        }
    }

    /// <summary>Begins to make what is worth making: all where that is wished, else the next one when the demand is there.</summary>
    private void MakeMore()
    {
        var steps = new List<ShapeStep>();
        lock (_gate)
        {
            var all = _options.Steps;
            while (_begun > 0 && _begun < all.Count && (_isWished || (_making == 0 && _images >= all[_begun].After)))
            {
                steps.Add(all[_begun]);
                _begun++;
                _making++;
            }
        }

        foreach (var step in steps)
        {
            _builder.Add(() => Make(step), isUrgent: false);
        }
    }

    /// <summary>On a thread of the builder.</summary>
    private void Make(ShapeStep step)
    {
        IShapeSession? session = null;
        try
        {
            var start = Stopwatch.GetTimestamp();
            session = _open(step);
            var seconds = session.Measure(Measurement);
            Join(step.Size, new ShapeMember(session, seconds, Stopwatch.GetElapsedTime(start), step.IsProvisional, session.Note));
        }
        catch (Exception exception)
        {
            // It is told to whoever waits for the shape; a further session is not there, and the status says so.
            session?.Dispose();
            Fail(step, exception);
            return;
        }

        if (_ready.TrySetResult())
        {
            _changed();
        }

        MakeMore();
        Free();
    }

    private void Join(int size, ShapeMember member)
    {
        lock (_gate)
        {
            if (_members.TryGetValue(size, out var before))
            {
                _retired.Add(before);
            }

            _members[size] = member;
            Climb();
            _making--;
            Retire();
        }
    }

    /// <summary>Plans anew. Called with the gate held.</summary>
    private void Climb() =>
        _ladder = new RunLadder(_members.Select(member => (member.Key, member.Value.Seconds)), _options.Largest);

    private void Fail(ShapeStep step, Exception exception)
    {
        lock (_gate)
        {
            _making--;

            // Nobody waits for a further session: health names it.
            if (_members.TryGetValue(step.Size, out var provisional))
            {
                _members[step.Size] = provisional.With($"stays provisional: {OnnxMessage.For(exception)}");
            }
            else if (_members.TryGetValue(_options.Steps[0].Size, out var first))
            {
                _members[_options.Steps[0].Size] = first.With($"no runs of {step.Size}: {OnnxMessage.For(exception)}");
            }

            if (_members.Count > 0)
            {
                Retire();
            }
        }

        if (_ready.TrySetException(exception))
        {
            _changed();
            return;
        }

        MakeMore();
        Free();
    }

    /// <summary>Lets sizes go that no request gains by, once all are there. Called with the gate held.</summary>
    private void Retire()
    {
        if (_making > 0 || _begun < _options.Steps.Count)
        {
            return;
        }

        foreach (var size in _members.Keys.Except(_ladder!.Useful).ToArray())
        {
            _retired.Add(_members[size]);
            _members.Remove(size);
        }
    }

    /// <summary>Frees retired sessions that no run uses any more.</summary>
    private void Free()
    {
        List<ShapeMember> free;
        lock (_gate)
        {
            _isFreeing = false;
            free = [.. _retired.Where(member => member.Use.Runs == 0)];
            _retired.RemoveAll(free.Contains);
        }

        foreach (var member in free)
        {
            member.Session.Dispose();
        }
    }
}
