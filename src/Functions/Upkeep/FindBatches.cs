using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Functions.Batches;

namespace Nanodet.Serverless.Functions.Upkeep;

/// <summary>The timer that starts batches again whose start was lost with a host, and removes the lists of those that are done.</summary>
/// <param name="lost">Finds them.</param>
public sealed class FindBatches(LostBatches lost)
{
    /// <summary>Looks every minute: a request for each 5,000 lists, and one for each of up to 200 of them.</summary>
    [Function(nameof(FindBatches))]
    public Task RunAsync(
        [TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        lost.RunAsync(client, cancellationToken);
}
