using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Nanodet.Serverless.Functions.Batches;

namespace Nanodet.Serverless.Functions.Upkeep;

/// <summary>
/// The timer that starts batches again whose start was lost with a host, removes the lists of those that are done, and writes results that
/// nobody waits for any more.
/// </summary>
/// <param name="lost">Finds batches by their lists.</param>
/// <param name="untold">Finds finished batches whose orchestrations have ended.</param>
public sealed class FindBatches(LostBatches lost, LostEvents untold)
{
    /// <summary>
    /// Looks every minute: a request for each 5,000 lists, and one for each of up to 200 of them; every ten minutes the same for finished
    /// batches, and a request for each job that goes on.
    /// </summary>
    [Function(nameof(FindBatches))]
    public async Task RunAsync(
        [TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        await lost.RunAsync(client, cancellationToken);
        await untold.RunAsync(client, cancellationToken);
    }
}
