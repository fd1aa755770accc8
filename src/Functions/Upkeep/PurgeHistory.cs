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
    private static readonly TimeSpan CallLimit = TimeSpan.FromMinutes(1);

    /// <summary>Before any orchestration; tables know no year 1.</summary>
    private static readonly DateTimeOffset Begin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly OrchestrationRuntimeStatus[] Ended =
    [
        OrchestrationRuntimeStatus.Completed,
        OrchestrationRuntimeStatus.Failed,
        OrchestrationRuntimeStatus.Terminated,
    ];

    /// <summary>Removes them; those that run or wait stay, however old.</summary>
    [Function(nameof(PurgeHistory))]
    public async Task RunAsync(
        [TimerTrigger("%Nanodet:History:Schedule%")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        var filter = new PurgeInstancesFilter(Begin, timeProvider.GetUtcNow() - options.Value.Retention, Ended) { Timeout = CallLimit };
        var purged = 0L;
        PurgeResult result;
        do
        {
            result = await client.PurgeAllInstancesAsync(filter, cancellationToken);
            purged += result.PurgedInstanceCount;
        }
        while (result is { IsComplete: false, PurgedInstanceCount: > 0 });

        Log.Purged(logger, purged, options.Value.Retention);
    }
}
