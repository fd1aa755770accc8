namespace Nanodet.Serverless.Functions.Orchestration;

/// <summary>The waits and retries of an orchestration. They travel in its input: a replay must not see newer settings.</summary>
/// <param name="WaitLimit">The first wait for a batch's event.</param>
/// <param name="LongestWait">The longest wait; each is twice the one before until then.</param>
/// <param name="ActivityAttempts">How often an activity is tried.</param>
/// <param name="FirstRetry">The pause before an activity's second try; each is twice the one before.</param>
/// <param name="LongestRetry">The longest pause between two tries.</param>
public sealed record Waits(TimeSpan WaitLimit, TimeSpan LongestWait, int ActivityAttempts, TimeSpan FirstRetry, TimeSpan LongestRetry)
{
    /// <summary>The waits of the settings.</summary>
    public static Waits From(OrchestrationOptions orchestrations)
    {
        ArgumentNullException.ThrowIfNull(orchestrations);
        return new Waits(
            orchestrations.BatchWait,
            orchestrations.LongestBatchWait,
            orchestrations.ActivityAttempts,
            orchestrations.FirstRetry,
            orchestrations.LongestRetry);
    }

    /// <summary>How long to wait after the batch was queued.</summary>
    /// <param name="round">From 0.</param>
    public TimeSpan After(int round)
    {
        var longest = Math.Max(WaitLimit.Ticks, LongestWait.Ticks);
        var doubled = WaitLimit.Ticks * Math.Pow(2, round);
        return doubled < longest ? TimeSpan.FromTicks((long)doubled) : TimeSpan.FromTicks(longest);
    }
}
