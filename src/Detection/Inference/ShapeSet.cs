using System.Diagnostics;

namespace Nanodet.Detection.Inference;

/// <summary>
/// The sessions of one shape, each for a size of runs. The first size makes it ready; further ones join while it serves. One that fails is
/// left out; when the first one does, whoever waits gets its exception, and the next request tries again.
/// </summary>
internal sealed class ShapeSet : IDisposable
{
    // A size is made for a shape that was asked for this many of its runs.
    private const int WorthMaking = 4;

    private static readonly TimeSpan CapturePause = TimeSpan.FromMilliseconds(50);

    private readonly RunShape _shape;
    private readonly ShapedRunsOptions _options;
    private readonly Func<int, IShapeSession> _open;
    private readonly ShapeBuilder _builder;
    private readonly Action _changed;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, Member> _members = [];
    private readonly List<Member> _retired = [];
    private TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RunLadder? _ladder;
    private int _begun;
    private int _making;
    private bool _isWished;
    private long _images;

    /// <summary>A set without sessions.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="options">Which sizes.</param>
    /// <param name="open">Makes a session of a size, warmed.</param>
    /// <param name="builder">Where that is done.</param>
    /// <param name="changed">Told when the set has become ready, or cannot.</param>
    internal ShapeSet(
        RunShape shape, ShapedRunsOptions options, Func<int, IShapeSession> open, ShapeBuilder builder, Action changed)
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
                        member.Value.Note)),
                ];
            }
        }
    }

    /// <summary>Begins to make the first size, unless that was done.</summary>
    internal void Begin()
    {
        lock (_gate)
        {
            if (_begun > 0)
            {
                return;
            }

            _begun = 1;
            _making = 1;
        }

        _builder.Add(() => Make(_options.Sizes[0]), isUrgent: true);
    }

    /// <summary>Has every size made, whatever the demand; it begins when the first one is there.</summary>
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

    /// <summary>Waits for the first size; when it cannot be made, the exception says why, and the next request tries again.</summary>
    internal void WaitUntilReady()
    {
        var ready = Volatile.Read(ref _ready);
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
                CaptureGate.Call(member.Session.Dispose);
            }

            _members.Clear();
            _retired.Clear();
        }
    }

    private List<(Member Member, int Size)> Enter(int count)
    {
        var runs = new List<(Member, int)>();
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

    private void Leave(List<(Member Member, int Size)> runs)
    {
        bool mayFree;
        lock (_gate)
        {
            runs.ForEach(run => run.Member.Use.Runs--);
            mayFree = _retired.Count > 0;
        }

        if (mayFree)
        {
            Free();
        }
    }

    /// <summary>Begins to make what is worth making: all sizes where that is wished, else the next one when the demand is there.</summary>
    private void MakeMore()
    {
        var sizes = new List<int>();
        lock (_gate)
        {
            while (_begun > 0 && _begun < _options.Sizes.Count && (_isWished || (_making == 0 && IsWanted(_options.Sizes[_begun]))))
            {
                sizes.Add(_options.Sizes[_begun]);
                _begun++;
                _making++;
            }
        }

        foreach (var size in sizes)
        {
            _builder.Add(() => Make(size), isUrgent: false);
        }
    }

    private bool IsWanted(int size) => _images >= (long)WorthMaking * size;

    /// <summary>On a thread of the builder.</summary>
    private void Make(int size)
    {
        IShapeSession? session = null;
        try
        {
            var start = Stopwatch.GetTimestamp();
            session = CaptureGate.CallLong(() => _open(size));
            var seconds = session.Measure();
            Join(size, new Member(session, seconds, Stopwatch.GetElapsedTime(start), null));
        }
        catch (Exception exception)
        {
            // It is told to whoever waits for the shape; a further size is not there, and the status says so.
            if (session is not null)
            {
                CaptureGate.Call(session.Dispose);
            }

            Fail(size, exception);
            return;
        }

        if (_ready.TrySetResult())
        {
            _changed();
        }

        Capture(size);
    }

    private void Join(int size, Member member)
    {
        lock (_gate)
        {
            _members[size] = member;
            Climb();
        }
    }

    /// <summary>Plans anew. Called with the gate held.</summary>
    private void Climb() =>
        _ladder = new RunLadder(_members.Select(member => (member.Key, member.Value.Seconds)), _options.Largest);

    private void Fail(int size, Exception exception)
    {
        lock (_gate)
        {
            _making--;
            var first = _options.Sizes[0];
            if (_members.TryGetValue(first, out var member))
            {
                // Nobody waits for a further size: health names it.
                var note = $"no runs of {size}: {OnnxMessage.For(exception)}";
                _members[first] = member with { Note = member.Note is null ? note : $"{member.Note}; {note}" };
            }
        }

        if (_ready.TrySetException(exception))
        {
            _changed();
        }
    }

    /// <summary>Tries to capture until it is clear whether that works, then goes on with what is worth making.</summary>
    private void Capture(int size)
    {
        if (_builder.Stopping.IsCancellationRequested)
        {
            return;
        }

        Member member;
        lock (_gate)
        {
            member = _members[size];
        }

        string? problem;
        var seconds = member.Seconds;
        try
        {
            if (!member.Session.TryCapture(out problem))
            {
                // Others are at work on sessions of theirs: when this comes again, they may be done.
                _ = _builder.Stopping.WaitHandle.WaitOne(CapturePause);
                _builder.Add(() => Capture(size), isUrgent: false);
                return;
            }

            seconds = member.Session.Measure();
        }
        catch (Exception exception)
        {
            // Runs of this session will say the same to those who ask for them.
            problem = exception.Message;
        }

        lock (_gate)
        {
            _members[size] = member with { Seconds = seconds, Note = problem };
            Climb();
            _making--;
            Retire();
        }

        MakeMore();
        Free();
    }

    /// <summary>Lets sizes go that no request gains by, once all are there. Called with the gate held.</summary>
    private void Retire()
    {
        if (_making > 0 || _begun < _options.Sizes.Count)
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
        List<Member> free;
        lock (_gate)
        {
            free = [.. _retired.Where(member => member.Use.Runs == 0)];
            _retired.RemoveAll(free.Contains);
        }

        foreach (var member in free)
        {
            CaptureGate.Call(member.Session.Dispose);
        }
    }

    /// <summary>A session that may be used.</summary>
    /// <param name="Session">The session.</param>
    /// <param name="Seconds">What a run takes.</param>
    /// <param name="WarmedIn">What making it took.</param>
    /// <param name="Note">Why its runs are not captured, and why further sizes are missing.</param>
    private sealed record Member(IShapeSession Session, double Seconds, TimeSpan WarmedIn, string? Note)
    {
        internal Usage Use { get; } = new();
    }

    /// <summary>Counts runs; guarded by the gate.</summary>
    private sealed class Usage
    {
        internal int Runs { get; set; }
    }
}
