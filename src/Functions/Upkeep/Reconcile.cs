using Microsoft.Azure.Functions.Worker;
using Nanodet.Serverless.Pipeline.Reconciliation;

namespace Nanodet.Serverless.Functions.Upkeep;

/// <summary>The timer that finds images without a terminal record and queues them again.</summary>
/// <param name="reconciler">Finds them, and says how many.</param>
public sealed class Reconcile(Reconciler reconciler)
{
    /// <summary>Finds them.</summary>
    [Function(nameof(Reconcile))]
    public Task RunAsync([TimerTrigger("%Nanodet:Reconcile:Schedule%")] TimerInfo timer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        DateTimeOffset? previous = timer.ScheduleStatus is { Last.Year: > 1 } status ? new DateTimeOffset(status.Last) : null;
        return reconciler.RunAsync(previous, cancellationToken);
    }
}
