using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Pipeline.Batches;

namespace Nanodet.Serverless.Functions.Upkeep;

/// <summary>The timer that finds images without a terminal record and queues them again.</summary>
public sealed class Reconcile(Reconciler reconciler, ILogger<Reconcile> logger)
{
    /// <summary>Finds them.</summary>
    [Function(nameof(Reconcile))]
    public async Task RunAsync([TimerTrigger("%Nanodet:Reconcile:Schedule%")] TimerInfo timer, CancellationToken cancellationToken)
    {
        var report = await reconciler.RunAsync(cancellationToken);
        Log.Reconciled(logger, report.Examined, report.Queued);
    }
}
