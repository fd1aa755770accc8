using Nanodet.Detection.Batching;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>A model in memory and who uses it: it goes when it was given up and the last lease has ended.</summary>
internal sealed class LoadedModel(NanodetModel model, IModelOwner owner, DetectionBatcher batcher)
{
    private readonly Lock _gate = new();
    private int _leases = 1;

    internal NanodetModel Model { get; } = model;

    /// <summary>Who keeps it.</summary>
    internal IModelOwner Owner { get; } = owner;

    /// <summary>The name that it is published under, where it was loaded by that.</summary>
    internal string? PublishedName { get; init; }

    /// <summary>SHA-256 of the file that the pointer names; where there are several forms, another one may serve.</summary>
    internal required string PublishedSha256 { get; init; }

    /// <summary>What the pointer named when the model was fetched; null where none is followed.</summary>
    internal string? Pointed { get; init; }

    /// <summary>Where the requests to it meet.</summary>
    internal DetectionBatcher Batcher { get; } = batcher;

    /// <summary>Null when it is gone.</summary>
    /// <param name="ended">Called when the lease ends.</param>
    internal ModelLease? TryLease(Action? ended = null)
    {
        lock (_gate)
        {
            if (_leases == 0)
            {
                return null;
            }

            _leases++;
            return new ModelLease(this, ended);
        }
    }

    /// <summary>Ends a lease, or the keeper's own hold.</summary>
    internal void Release()
    {
        lock (_gate)
        {
            if (--_leases > 0)
            {
                return;
            }
        }

        Batcher.Dispose();
        Model.Dispose();
    }
}
