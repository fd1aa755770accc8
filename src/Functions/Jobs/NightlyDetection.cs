using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The timer of the nightly job, which is off by default.</summary>
public sealed class NightlyDetection(NightlyJob nightly)
{
    /// <summary>Starts the job.</summary>
    [Function(nameof(NightlyDetection))]
    public Task RunAsync(
        [TimerTrigger("%Nanodet:Nightly:Schedule%")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => nightly.StartAsync(client, cancellationToken);
}
