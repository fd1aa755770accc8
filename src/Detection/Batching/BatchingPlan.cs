using Nanodet.Detection.Inference;

namespace Nanodet.Detection.Batching;

/// <summary>How a loaded model is run, and why so.</summary>
/// <param name="Lanes">Threads that decode and run at the same time.</param>
/// <param name="MaxBatchSize">The most images in one run.</param>
/// <param name="Reason">Who said so: a setting, the model, or a measurement with its figures.</param>
public sealed record BatchingPlan(int Lanes, int MaxBatchSize, string Reason)
{
    private const int GpuLanes = 2;

    /// <summary>Lanes where nothing is known about the provider yet.</summary>
    internal static int LanesOnCpu(BatcherOptions options) => options.Lanes > 0 ? options.Lanes : Environment.ProcessorCount;

    /// <summary>Decides for a model; measures where the options leave it open.</summary>
    /// <param name="model">A loaded model.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="limit">The most images that a run may have in any case.</param>
    /// <param name="time">The clock of the measurement.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    public static BatchingPlan Choose(
        NanodetModel model, BatcherOptions options, int limit, TimeProvider time, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var isOnCpu = model.Provider.Name == ProviderSelection.Cpu;
        var lanes = isOnCpu ? LanesOnCpu(options) : options.Lanes > 0 ? options.Lanes : GpuLanes;
        if (model.IsBatchFixed)
        {
            return new BatchingPlan(lanes, 1, "the model takes one image a run");
        }

        if (options.MaxBatchSize > 0)
        {
            return new BatchingPlan(lanes, Math.Min(options.MaxBatchSize, limit), "set by Nanodet:Batcher:MaxBatchSize");
        }

        if (options.CalibrationTime == TimeSpan.Zero)
        {
            return new BatchingPlan(lanes, isOnCpu ? 1 : limit, $"not measured, the default on {model.Provider.Name}");
        }

        var measured = new BatchCalibration(model, lanes, time).Measure(limit, options.CalibrationTime, cancellationToken);
        return new BatchingPlan(lanes, measured.Best, measured.ToString());
    }
}
