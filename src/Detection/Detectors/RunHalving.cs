using Nanodet.Detection.Natives;
using Nanodet.Detection.Telemetry;

namespace Nanodet.Detection.Detectors;

/// <summary>
/// How many images a detector takes at a time; fewer from then on where the memory was too little for them. Safe to use from any number of
/// threads.
/// </summary>
/// <param name="maxRunSize">The most images in one run.</param>
/// <param name="atOnce">The most images that are decoded together.</param>
internal sealed class RunHalving(int maxRunSize, int atOnce)
{
    private readonly Lock _gate = new();
    private int _maxRunSize = maxRunSize;
    private int _atOnce = atOnce;

    /// <summary>The most images in one run now.</summary>
    internal int MaxRunSize => Volatile.Read(ref _maxRunSize);

    /// <summary>The most images that are decoded together now.</summary>
    internal int AtOnce => Volatile.Read(ref _atOnce);

    /// <summary>The size of the parts that images are tried in again, and of later runs: one rule for detectors and batchers.</summary>
    /// <param name="images">Images that were too many, at least 2.</param>
    internal static int Half(int images) => (images + 1) / 2;

    /// <summary>Whether fewer images at a time are worth another try; if so, later runs are smaller, too.</summary>
    /// <param name="exception">What failed.</param>
    /// <param name="left">Images without an outcome.</param>
    internal bool TryHalve(Exception exception, int left)
    {
        if (!SessionFault.IsOutOfMemory(exception))
        {
            return false;
        }

        lock (_gate)
        {
            var tried = Math.Min(left, _atOnce);
            if (tried <= 1)
            {
                return false;
            }

            Volatile.Write(ref _atOnce, Half(tried));
            Volatile.Write(ref _maxRunSize, Math.Min(_maxRunSize, _atOnce));
        }

        DetectionTelemetry.ModelFaults.Add(1, new KeyValuePair<string, object?>("kind", "out_of_memory"));
        return true;
    }
}
