using Microsoft.DurableTask;

namespace Nanodet.Serverless.Functions.Tests.Orchestration;

/// <summary>
/// An orchestration whose world is the test: it says which activity ends how, when a timer fires, which event comes. Nothing happens by
/// itself, so each order of events can be tried; and the whole history can be replayed.
/// </summary>
internal sealed class OrchestrationRun
{
    private readonly Func<TaskOrchestrationContext, Task<object?>> _orchestrator;
    private readonly Dictionary<string, Func<Decision, object?>> _answers = [];
    private readonly List<Generation> _generations = [];
    private readonly LogLines _log = new();
    private string _instanceId = "test";

    private OrchestrationRun(Func<TaskOrchestrationContext, Task<object?>> orchestrator) => _orchestrator = orchestrator;

    /// <summary>The clock, in UTC; a timer that fires moves it.</summary>
    public DateTime Now { get; private set; } = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>How often the history was begun: 1, and one more for each cut.</summary>
    public int Generations => _generations.Count;

    /// <summary>What the orchestrator decided, in all generations.</summary>
    public IEnumerable<Decision> Decisions => _generations.SelectMany(generation => generation.Context.Decisions);

    /// <summary>What was logged.</summary>
    public IReadOnlyList<string> Logged => _log.Lines;

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => Last.Run.IsCompleted;

    /// <summary>What it failed with; null while it did not.</summary>
    public Exception? Failure => HasEnded ? Last.Run.Exception?.InnerException : null;

    /// <summary>What the last generation still waits for: activities and orchestrators by name, timers as <c>timer</c>.</summary>
    public IEnumerable<string> Open => OpenTasks().Select(task => task.Kind == DecisionKind.Timer ? "timer" : task.Name);

    private Generation Last => _generations[^1];

    /// <summary>A run of an orchestrator.</summary>
    public static OrchestrationRun Of<TResult>(Func<TaskOrchestrationContext, Task<TResult>> orchestrator) =>
        new(async context => await orchestrator(context));

    /// <summary>Says what an activity answers whenever it is called; without that the test ends each call by itself.</summary>
    public OrchestrationRun On<TInput>(string activity, Func<TInput, object?> answer)
    {
        _answers[activity] = call => answer(call.Read<TInput>());
        return this;
    }

    /// <summary>Starts it.</summary>
    public OrchestrationRun Start(object input, string instanceId = "test")
    {
        _instanceId = instanceId;
        Begin(OrchestrationJson.Write(input), []);
        return this;
    }

    /// <summary>Ends the oldest open call of an activity.</summary>
    public OrchestrationRun Complete(string activity, object? result = null) =>
        Apply(HistoryKind.Completed, Find(DecisionKind.Activity, task => task.Name == activity), OrchestrationJson.Write(result));

    /// <summary>Has the oldest open call of an activity fail for good.</summary>
    public OrchestrationRun Fail(string activity, string message) =>
        Apply(HistoryKind.Failed, Find(DecisionKind.Activity, task => task.Name == activity), message);

    /// <summary>Ends an orchestration that this one started.</summary>
    public OrchestrationRun CompleteChild(string instanceId, object? result) =>
        Apply(HistoryKind.Completed, Find(DecisionKind.Child, task => task.InstanceId == instanceId), OrchestrationJson.Write(result));

    /// <summary>Has an orchestration fail that this one started.</summary>
    public OrchestrationRun FailChild(string instanceId, string message) =>
        Apply(HistoryKind.Failed, Find(DecisionKind.Child, task => task.InstanceId == instanceId), message);

    /// <summary>Moves the clock to the end of the only open timer.</summary>
    public OrchestrationRun FireTimer()
    {
        var timer = Assert.Single(OpenTasks(), task => task.Kind == DecisionKind.Timer);
        Now = Last.Started(timer) + timer.Wait;
        return Apply(HistoryKind.Completed, timer, "null");
    }

    /// <summary>Moves the clock by less than any timer needs.</summary>
    public OrchestrationRun Pass(TimeSpan time)
    {
        Now += time;
        return this;
    }

    /// <summary>Has an event come from outside.</summary>
    public OrchestrationRun Raise(string name, object payload) =>
        Apply(new HistoryEvent(Now, HistoryKind.Raised, -1, name, OrchestrationJson.Write(payload)));

    /// <summary>The calls of an activity or orchestrator so far.</summary>
    public Decision[] Calls(string name) =>
        [.. Decisions.Where(decision => decision.Kind is DecisionKind.Activity or DecisionKind.Child && decision.Name == name)];

    /// <summary>Events that it sent so far, as <c>instance event</c>.</summary>
    public string[] Sent() =>
        [.. Decisions.Where(decision => decision.Kind == DecisionKind.Send).Select(decision => $"{decision.InstanceId} {decision.Name}")];

    /// <summary>How long each timer was to run.</summary>
    public TimeSpan[] Waits() =>
        [.. Decisions.Where(decision => decision.Kind == DecisionKind.Timer).Select(decision => decision.Wait)];

    /// <summary>The custom statuses so far.</summary>
    public T[] Statuses<T>() =>
        [.. Decisions.Where(decision => decision.Kind == DecisionKind.Status).Select(decision => decision.Read<T>())];

    /// <summary>The inputs of the generations.</summary>
    public T[] Inputs<T>() => [.. _generations.Select(generation => OrchestrationJson.Read<T>(generation.Input))];

    /// <summary>The result.</summary>
    public T Result<T>()
    {
        Assert.True(HasEnded, $"It waits for {string.Join(", ", Open)} or an event.");
        Assert.Null(Failure);
        return OrchestrationJson.Read<T>(Last.End());
    }

    /// <summary>
    /// Runs every generation again over its own history, as the engine does whenever it has forgotten an instance: the same decisions have
    /// to come after the same events, and nothing may be logged again.
    /// </summary>
    public OrchestrationRun AssertReplays()
    {
        foreach (var generation in _generations)
        {
            var log = new LogLines();
            var again = new Generation(generation.Input, generation.Begun, Context(generation.Input, generation.Begun, true, log));
            again.Run = again.Context.Begin(_orchestrator);
            generation.History.ForEach(again.Context.Apply);
            if (!again.Run.IsCompleted)
            {
                again.Context.ThrowIfLost();
            }

            Assert.All(generation.Context.Decisions.Zip(again.Context.Decisions), pair => Assert.Equal(pair.First, pair.Second));
            Assert.Equal(generation.Context.Decisions.Count, again.Context.Decisions.Count);
            Assert.Equal(generation.End(), again.End());
            Assert.Empty(log.Lines);
        }

        return this;
    }

    private FakeOrchestrationContext Context(string input, DateTime begun, bool isReplaying, LogLines log) =>
        new(_instanceId, input, begun, isReplaying, log);

    private void Begin(string input, IEnumerable<HistoryEvent> carried)
    {
        var generation = new Generation(input, Now, Context(input, Now, false, _log));
        _generations.Add(generation);
        generation.Run = generation.Context.Begin(_orchestrator);
        foreach (var kept in carried.Select(kept => kept with { Time = Now }))
        {
            generation.Tell(kept);
        }

        Settle();
    }

    private OrchestrationRun Apply(HistoryKind kind, Decision task, string json) =>
        Apply(new HistoryEvent(Now, kind, task.Id, task.Name, json));

    private OrchestrationRun Apply(HistoryEvent happened)
    {
        Assert.False(HasEnded, "The orchestration has ended; its engine would refuse this.");
        Last.Tell(happened);
        Settle();
        return this;
    }

    /// <summary>Answers what the test gave an answer for, until the orchestrator waits for the test.</summary>
    private void Settle()
    {
        while (!Last.Run.IsCompleted)
        {
            Last.Context.ThrowIfLost();
            if (OpenTasks().FirstOrDefault(task => task.Kind == DecisionKind.Activity && _answers.ContainsKey(task.Name)) is not { } call)
            {
                return;
            }

            Last.Tell(new HistoryEvent(Now, HistoryKind.Completed, call.Id, call.Name, OrchestrationJson.Write(_answers[call.Name](call))));
        }

        if (Last.Context.Next is { } input && !Last.Run.IsFaulted)
        {
            Begin(input, Last.Context.Unclaimed);
        }
    }

    private Decision Find(DecisionKind kind, Func<Decision, bool> isMeant) =>
        OpenTasks().FirstOrDefault(task => task.Kind == kind && isMeant(task))
        ?? throw new InvalidOperationException($"It does not wait for this; it waits for {string.Join(", ", Open)}.");

    private IEnumerable<Decision> OpenTasks()
    {
        var open = Last.Context.Open.ToHashSet();
        return Last.Context.Decisions.Where(decision => decision.Kind != DecisionKind.StopTimer && open.Contains(decision.Id));
    }

    private sealed class Generation(string input, DateTime begun, FakeOrchestrationContext context)
    {
        public string Input => input;

        public DateTime Begun => begun;

        public FakeOrchestrationContext Context => context;

        public List<HistoryEvent> History { get; } = [];

        public Task<object?> Run { get; set; } = null!;

        public void Tell(HistoryEvent happened)
        {
            History.Add(happened);
            context.Apply(happened);
        }

        /// <summary>When a timer was started.</summary>
        public DateTime Started(Decision timer) => timer.After == 0 ? begun : History[timer.After - 1].Time;

        /// <summary>The result as JSON, or how else it stands.</summary>
        public string End() => !Run.IsCompleted ? "waits"
            : Run.Exception?.InnerException is { } failure ? $"{failure.GetType().Name}: {failure.Message}"
            : OrchestrationJson.Write(Run.Result);
    }
}
