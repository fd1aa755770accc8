namespace Nanodet.Serverless.Functions.Tests.Orchestration;

/// <summary>What an orchestrator told its engine to do.</summary>
/// <param name="After">How many events of its history it had seen.</param>
/// <param name="Kind">What it decided.</param>
/// <param name="Id">The number of the task that this is about; -1 for decisions that are no task.</param>
/// <param name="Name">The activity, orchestrator or event; empty for others.</param>
/// <param name="Json">What goes with it, or null.</param>
/// <param name="InstanceId">The other instance, or null.</param>
/// <param name="Attempts">How often the engine is to try it.</param>
/// <param name="Wait">How long a timer runs.</param>
internal sealed record Decision(
    int After,
    DecisionKind Kind,
    int Id,
    string Name,
    string? Json = null,
    string? InstanceId = null,
    int Attempts = 1,
    TimeSpan Wait = default)
{
    /// <summary>What goes with it.</summary>
    public T Read<T>() => OrchestrationJson.Read<T>(Json);
}

/// <summary>The kinds of decisions.</summary>
internal enum DecisionKind
{
    /// <summary>An activity is called.</summary>
    Activity,

    /// <summary>Another orchestration is started and waited for.</summary>
    Child,

    /// <summary>A timer is started.</summary>
    Timer,

    /// <summary>A timer is stopped.</summary>
    StopTimer,

    /// <summary>An event is waited for.</summary>
    Wait,

    /// <summary>An event is sent to another instance.</summary>
    Send,

    /// <summary>The custom status is set.</summary>
    Status,

    /// <summary>The history is cut.</summary>
    Continue,
}
