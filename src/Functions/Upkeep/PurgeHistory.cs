using Grpc.Core;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Nanodet.Serverless.Functions.Upkeep;

/// <summary>
/// The timer that removes the histories of orchestrations that ended long ago: the engine keeps them for ever, and pays for them. What they
/// came to is in the records and manifests; a message that comes even later finds the records by their identity.
/// </summary>
/// <param name="options">How long they are kept.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">Says how many were removed.</param>
public sealed class PurgeHistory(IOptions<HistoryOptions> options, TimeProvider timeProvider, ILogger<PurgeHistory> logger)
{
    /// <summary>An engine may stop after this and say that there is more: a call is not to last as long as the work.</summary>
    internal static readonly TimeSpan CallLimit = TimeSpan.FromMinutes(1);

    /// <summary>Before any orchestration; tables know no year 1.</summary>
    private static readonly DateTimeOffset Begin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly OrchestrationRuntimeStatus[] Ended =
    [
        OrchestrationRuntimeStatus.Completed,
        OrchestrationRuntimeStatus.Failed,
        OrchestrationRuntimeStatus.Terminated,
    ];

    /// <summary>
    /// Removes them; those that run or wait stay, however old. A run ends at <see cref="HistoryOptions.MaxTime"/> or
    /// <see cref="HistoryOptions.MaxInstances"/>, and the next one goes on: what is removed is not found again.
    /// </summary>
    [Function(nameof(PurgeHistory))]
    public async Task RunAsync(
        [TimerTrigger("%Nanodet:History:Schedule%")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        var (retention, most, longest) = (options.Value.Retention, options.Value.MaxInstances, options.Value.MaxTime);
        var began = timeProvider.GetTimestamp();
        var before = timeProvider.GetUtcNow() - retention;

        // An engine that keeps no limit of a call is left when the run is over.
        using var over = new CancellationTokenSource(longest, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        var purged = 0L;
        var isComplete = false;
        try
        {
            while (!isComplete && purged < most && longest - timeProvider.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
            {
                var filter = new PurgeInstancesFilter(Begin, before, Ended) { Timeout = left < CallLimit ? left : CallLimit };
                var result = await client.PurgeAllInstancesAsync(filter, either.Token);
                purged += result.PurgedInstanceCount;

                // Without a progress the rest is of no use: what is left is left to the next run.
                isComplete = result is not { IsComplete: false, PurgedInstanceCount: > 0 };
            }
        }
        catch (Exception exception) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested
            && exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            // The time is over.
        }

        Log.Purged(logger, purged, retention);
        if (!isComplete)
        {
            Log.PurgeGoesOn(logger, longest, most);
        }
    }
}
