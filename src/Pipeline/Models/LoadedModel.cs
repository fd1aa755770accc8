using Nanodet.Serverless.Pipeline.Batching;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>A model in memory and who uses it: it goes when it was given up and the last lease has ended.</summary>
internal sealed class LoadedModel(NanodetModel model, ModelBatcher batcher)
{
    private readonly Lock _gate = new();
    private int _leases = 1;

    internal NanodetModel Model { get; } = model;

    /// <summary>Where the requests to it meet.</summary>
    internal ModelBatcher Batcher { get; } = batcher;

    /// <summary>Null when it is gone.</summary>
    internal ModelLease? TryLease()
    {
        lock (_gate)
        {
            if (_leases == 0)
            {
                return null;
            }

            _leases++;
            return new ModelLease(this);
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
