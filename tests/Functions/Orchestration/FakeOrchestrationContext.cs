using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.Functions.Tests.Orchestration;

/// <summary>
/// One generation of an orchestration, on a clock and a history that the test writes. It keeps the engine's rules: a task ends when the
/// history says so and at no other time; values travel as JSON; an event that nobody waits for is kept, and of several that wait for the
/// same event the latest gets it; only the thread that applies the history may use it.
/// </summary>
/// <param name="instanceId">The instance.</param>
/// <param name="input">Its input, as JSON.</param>
/// <param name="now">When the generation begins, in UTC.</param>
/// <param name="isReplaying">Whether the orchestrator is told that all this happened before.</param>
/// <param name="logger">Takes what is logged.</param>
internal sealed class FakeOrchestrationContext(
    string instanceId, string input, DateTime now, bool isReplaying, ILogger logger) : TaskOrchestrationContext
{
    private readonly List<Decision> _decisions = [];
    private readonly SortedDictionary<int, Promise> _open = [];
    private readonly Dictionary<string, Stack<Promise>> _waiting = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<HistoryEvent> _unclaimed = [];
    private readonly StepContext _steps = new();
    private DateTime _now = now;
    private int _seen;
    private int _tasks;
    private int _guids;
    private int _thread;

    public override TaskName Name => "Test";

    public override string InstanceId => instanceId;

    public override ParentOrchestrationInstance? Parent => null;

    public override bool IsReplaying => isReplaying;

    public override DateTime CurrentUtcDateTime => Allowed(_now);

    /// <summary>What the orchestrator decided, in its order.</summary>
    public IReadOnlyList<Decision> Decisions => _decisions;

    /// <summary>The numbers of tasks that have not ended, the oldest first.</summary>
    public IEnumerable<int> Open => _open.Keys;

    /// <summary>The input of the next generation, as JSON; null while the history was not cut.</summary>
    public string? Next { get; private set; }

    /// <summary>Events that the next generation gets: nobody waited for them in this one.</summary>
    public IReadOnlyList<HistoryEvent> Unclaimed => _unclaimed;

    protected override ILoggerFactory LoggerFactory => new OneLogger(logger);

    /// <summary>Runs the orchestrator until it waits for the first time.</summary>
    public Task<object?> Begin(Func<TaskOrchestrationContext, Task<object?>> orchestrator)
    {
        Task<object?>? run = null;
        Step(() => run = orchestrator(this));
        return run!;
    }

    /// <summary>Tells the orchestrator of an event, and runs it until it waits again.</summary>
    public void Apply(HistoryEvent happened)
    {
        _now = happened.Time;
        _seen++;
        if (happened.Kind == HistoryKind.Raised)
        {
            Step(() => Raise(happened));
            return;
        }

        if (!_open.Remove(happened.Id, out var promise))
        {
            throw new InvalidOperationException($"{happened} ends a task that the orchestrator did not start, or that has ended.");
        }

        Step(() =>
        {
            if (happened.Kind == HistoryKind.Completed)
            {
                promise.Complete(happened.Json);
            }
            else
            {
                var details = new TaskFailureDetails("System.InvalidOperationException", happened.Json, null, null, null);
                promise.Fail(new TaskFailedException(happened.Name, happened.Id, details));
            }
        });
    }

    /// <summary>Refuses an orchestrator that waits for something else than its history.</summary>
    public void ThrowIfLost()
    {
        if (_steps.HasStranger || (_open.Count == 0 && _waiting.Values.All(waiting => waiting.Count == 0)))
        {
            throw new InvalidOperationException("The orchestrator waits for something that is not in its history.");
        }
    }

    public override T GetInput<T>() => Allowed(OrchestrationJson.Read<T>(input));

    public override Task<T> CallActivityAsync<T>(TaskName name, object? input = null, TaskOptions? options = null) =>
        Schedule<T>(DecisionKind.Activity, name, input, null, options);

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(
        TaskName orchestratorName, object? input = null, TaskOptions? options = null) =>
        Schedule<TResult>(
            DecisionKind.Child,
            orchestratorName,
            input,
            (options as SubOrchestrationOptions)?.InstanceId ?? NewGuid().ToString("N"),
            options);

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        var promise = NewTask<object?>(out var id);
        Decide(new Decision(_seen, DecisionKind.Timer, id, string.Empty, Wait: fireAt - _now));
        cancellationToken.Register(() =>
        {
            if (_open.Remove(id))
            {
                Decide(new Decision(_seen, DecisionKind.StopTimer, id, string.Empty));
                promise.Cancel();
            }
        });
        return promise.Task;
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        Decide(new Decision(_seen, DecisionKind.Wait, -1, eventName));
        var promise = new Promise<T>();
        if (_unclaimed.Find(one => one.Name.Equals(eventName, StringComparison.OrdinalIgnoreCase)) is { } kept)
        {
            _unclaimed.Remove(kept);
            promise.Complete(kept.Json);
            return promise.Task;
        }

        if (!_waiting.TryGetValue(eventName, out var waiting))
        {
            _waiting.Add(eventName, waiting = new Stack<Promise>());
        }

        waiting.Push(promise);
        return promise.Task;
    }

    public override void SendEvent(string instanceId, string eventName, object payload) =>
        Decide(new Decision(_seen, DecisionKind.Send, -1, eventName, OrchestrationJson.Write(payload), instanceId));

    public override void SetCustomStatus(object? customStatus) =>
        Decide(new Decision(_seen, DecisionKind.Status, -1, string.Empty, OrchestrationJson.Write(customStatus)));

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true)
    {
        Next = OrchestrationJson.Write(newInput);
        Decide(new Decision(_seen, DecisionKind.Continue, -1, string.Empty, Next));
        if (!preserveUnprocessedEvents)
        {
            _unclaimed.Clear();
        }
    }

    public override Guid NewGuid() => Allowed(new Guid(_guids++, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]));

    private Task<T> Schedule<T>(DecisionKind kind, TaskName name, object? argument, string? instance, TaskOptions? options)
    {
        var promise = NewTask<T>(out var id);
        Decide(new Decision(
            _seen, kind, id, name, OrchestrationJson.Write(argument), instance, options?.Retry?.Policy?.MaxNumberOfAttempts ?? 1));
        return promise.Task;
    }

    private Promise<T> NewTask<T>(out int id)
    {
        var promise = new Promise<T>();
        id = _tasks++;
        _open.Add(id, promise);
        return promise;
    }

    private void Raise(HistoryEvent raised)
    {
        if (_waiting.TryGetValue(raised.Name, out var waiting) && waiting.TryPop(out var latest))
        {
            latest.Complete(raised.Json);
        }
        else
        {
            _unclaimed.Add(raised);
        }
    }

    private void Decide(Decision decision) => _decisions.Add(Allowed(decision));

    private T Allowed<T>(T value) => _thread == Environment.CurrentManagedThreadId
        ? value
        : throw new InvalidOperationException("The orchestrator goes on although its history says nothing: something else woke it.");

    private void Step(Action action)
    {
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_steps);
        _thread = Environment.CurrentManagedThreadId;
        try
        {
            action();
        }
        finally
        {
            _thread = 0;
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    /// <summary>
    /// Continuations of the context's own tasks run within a step, on the spot. What asks to go on at another time waited for something
    /// that is not in the history: it is kept from it, and remembered.
    /// </summary>
    private sealed class StepContext : SynchronizationContext
    {
        private volatile bool _hasStranger;

        public bool HasStranger => _hasStranger;

        public override void Post(SendOrPostCallback d, object? state) => _hasStranger = true;
    }

    private sealed class OneLogger(ILogger logger) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => logger;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }

    private abstract class Promise
    {
        public abstract void Complete(string json);

        public abstract void Fail(Exception exception);
    }

    private sealed class Promise<T> : Promise
    {
        private readonly TaskCompletionSource<T> _source = new();

        public Task<T> Task => _source.Task;

        public override void Complete(string json) => _source.SetResult(OrchestrationJson.Read<T>(json));

        public override void Fail(Exception exception) => _source.SetException(exception);

        public void Cancel() => _source.SetCanceled();
    }
}
