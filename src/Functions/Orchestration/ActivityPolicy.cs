using Microsoft.DurableTask;

namespace Nanodet.Serverless.Functions.Orchestration;

/// <summary>How activities are retried: the durable policy owns what storage's own retries leave, and a worker process that died.</summary>
internal static class ActivityPolicy
{
    /// <summary>The policy for an orchestration with these waits.</summary>
    public static TaskOptions From(Waits waits) => TaskOptions.FromRetryPolicy(new RetryPolicy(
        waits.ActivityAttempts, waits.FirstRetry, backoffCoefficient: 2, maxRetryInterval: waits.LongestRetry));
}
