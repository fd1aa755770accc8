namespace Nanodet.Serverless.Functions.Batches;

/// <summary>The waits and retries of an orchestration. They travel in its input: a replay must not see newer settings.</summary>
/// <param name="WaitLimit">The first wait for a batch's event.</param>
/// <param name="LongestWait">The longest wait; each is twice the one before until then.</param>
/// <param name="ActivityAttempts">How often an activity is tried.</param>
/// <param name="FirstRetry">The pause before an activity's second try; each is twice the one before.</param>
/// <param name="LongestRetry">The longest pause between two tries.</param>
public sealed record Waits(TimeSpan WaitLimit, TimeSpan LongestWait, int ActivityAttempts, TimeSpan FirstRetry, TimeSpan LongestRetry)
{
    /// <summary>How long to wait after the batch was queued.</summary>
    /// <param name="attempt">From 0.</param>
    public TimeSpan After(int attempt)
    {
        // 2^30 waits of a millisecond are longer than any LongestWait.
        var doubled = WaitLimit.TotalMilliseconds * Math.Pow(2, Math.Min(attempt, 30));
        return doubled < LongestWait.TotalMilliseconds ? TimeSpan.FromMilliseconds(doubled) : Max(WaitLimit, LongestWait);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
