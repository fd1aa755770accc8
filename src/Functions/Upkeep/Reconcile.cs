using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Pipeline.Reconciliation;

namespace Nanodet.Serverless.Functions.Upkeep;

/// <summary>The timer that finds images without a terminal record and queues them again.</summary>
public sealed class Reconcile(Reconciler reconciler, ILogger<Reconcile> logger)
{
    /// <summary>Finds them.</summary>
    [Function(nameof(Reconcile))]
    public async Task RunAsync([TimerTrigger("%Nanodet:Reconcile:Schedule%")] TimerInfo timer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        DateTimeOffset? previous = timer.ScheduleStatus is { Last.Year: > 1 } status ? new DateTimeOffset(status.Last) : null;
        var report = await reconciler.RunAsync(previous, cancellationToken);
        Log.Reconciled(logger, report.Examined, report.Queued);
    }
}
