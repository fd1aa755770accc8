using Nanodet.Detection.Detectors;
using Nanodet.Detection.Natives;
using Polly;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>What changes between the rounds of one call of <see cref="WarmDetector"/>.</summary>
internal sealed class WarmRun(ModelLease lease, DetectorOptions options, string? requestedModel) : IDisposable
{
    internal static readonly ResiliencePropertyKey<WarmRun> Key = new("nanodet.run");

    /// <summary>The caller's lease, which the caller ends, or one of its own after a rebuild.</summary>
    private readonly ModelLease _first = lease;
    private bool _wasRebuilt;

    internal ModelLease Lease { get; private set; } = lease;

    /// <summary>The model that the request names, or null.</summary>
    internal string? RequestedModel { get; } = requestedModel;

    /// <summary>The detector of the model that is held now.</summary>
    internal Detector Detector => Lease.Loaded.Batcher.DetectorFor(options);

    /// <summary>One new session is worth a try; nothing else is.</summary>
    internal bool CanGoOn(Exception exception) => SessionFault.IsLost(exception) && !_wasRebuilt;

    internal void Replace(ModelLease lease)
    {
        Dispose();
        Lease = lease;
        _wasRebuilt = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Lease != _first)
        {
            Lease.Dispose();
        }
    }
}
