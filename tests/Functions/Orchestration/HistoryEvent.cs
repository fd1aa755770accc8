namespace Nanodet.Serverless.Functions.Tests.Orchestration;

/// <summary>What an orchestration learns of the world.</summary>
/// <param name="Time">When, in UTC.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Id">The number of the task that ended; -1 for an event from outside.</param>
/// <param name="Name">The task or the event.</param>
/// <param name="Json">The result or the payload; for a failure its message as it is.</param>
internal sealed record HistoryEvent(DateTime Time, HistoryKind Kind, int Id, string Name, string Json);

/// <summary>The kinds of events.</summary>
internal enum HistoryKind
{
    /// <summary>An activity, another orchestration or a timer ended.</summary>
    Completed,

    /// <summary>An activity or another orchestration failed as often as it is tried.</summary>
    Failed,

    /// <summary>An event came from outside.</summary>
    Raised,
}
