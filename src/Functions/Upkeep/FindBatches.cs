using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Functions.Batches;

namespace Nanodet.Serverless.Functions.Upkeep;

/// <summary>The timer that starts batches again whose start was lost with a host, and removes the lists of those that are done.</summary>
/// <param name="lost">Finds them.</param>
public sealed class FindBatches(LostBatches lost)
{
    /// <summary>Looks every minute: one request, and one for each list that stays.</summary>
    [Function(nameof(FindBatches))]
    public Task RunAsync(
        [TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        lost.RunAsync(client, cancellationToken);
}
