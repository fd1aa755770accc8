using Microsoft.DurableTask;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>How activities are retried: the durable policy owns what storage's own retries leave, and a worker process that died.</summary>
internal static class Activities
{
    public static TaskOptions Options(Waits waits) => TaskOptions.FromRetryPolicy(new RetryPolicy(
        waits.ActivityAttempts, waits.FirstRetry, backoffCoefficient: 2, maxRetryInterval: waits.LongestRetry));
}
