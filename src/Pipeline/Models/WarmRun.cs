using Nanodet.Serverless.Pipeline.Detectors;
using Polly;

namespace Nanodet.Serverless.Pipeline.Models;

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

    internal int BatchSize => Math.Min(options.MaxBatchSize, Lease.Loaded.MaxBatchSize);

    internal DetectorOptions Options => options with { MaxBatchSize = BatchSize };

    /// <summary>A smaller run, or one new session, is worth a try; nothing else is.</summary>
    internal bool CanGoOn(Exception exception) =>
        (SessionFault.IsOutOfMemory(exception) && BatchSize > 1) || (SessionFault.IsLost(exception) && !_wasRebuilt);

    /// <summary>For this model's later runs, too: its memory will not grow.</summary>
    internal void Halve() => Lease.Loaded.MaxBatchSize = Math.Max(1, BatchSize / 2);

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
