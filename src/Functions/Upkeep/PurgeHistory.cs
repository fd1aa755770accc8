using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Upkeep;

/// <summary>The timer that removes orchestrations that ended long ago.</summary>
public sealed class PurgeHistory(HistoryPurge purge)
{
    /// <summary>Removes them.</summary>
    [Function(nameof(PurgeHistory))]
    public Task RunAsync(
        [TimerTrigger("%Nanodet:History:Schedule%")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => purge.RunAsync(client, cancellationToken);
}
