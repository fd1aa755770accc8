using System.Text.Json.Serialization;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Inference;

namespace Nanodet.Detection.Batching;

/// <summary>How <see cref="DetectionBatcher"/> runs a model, and why so.</summary>
/// <param name="Lanes">Threads that decode and run at the same time.</param>
/// <param name="MaxRunSize">The most images in one run; <c>maxBatchSize</c> in JSON.</param>
/// <param name="Reason">Who said so: a setting, the model, or a measurement with its figures.</param>
public sealed record BatchingPlan(int Lanes, [property: JsonPropertyName("maxBatchSize")] int MaxRunSize, string Reason)
{
    private const int MostGpuLanes = 64;

    /// <summary>
    /// Lanes on a GPU. Each decodes, warps and post-processes, and then sleeps until its run is done, so there are half as many again as
    /// processors.
    /// </summary>
    internal static int GpuLanes => Math.Clamp(Environment.ProcessorCount * 3 / 2, 2, MostGpuLanes);

    /// <summary>Lanes where nothing is known about the provider yet.</summary>
    internal static int LanesOnCpu(BatchingOptions options) => options.Lanes > 0 ? options.Lanes : Environment.ProcessorCount;

    /// <summary>Decides for a model; measures where the options leave it open.</summary>
    /// <param name="model">A loaded model.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="limit">The most images that a run may have in any case.</param>
    /// <param name="time">The clock of the measurement.</param>
    /// <param name="cancellationToken">Looked at between the sizes that are measured.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OnnxRuntimeException">The model does not run, not even with one image.</exception>
    internal static BatchingPlan Choose(
        NanodetModel model, BatchingOptions options, int limit, TimeProvider time, CancellationToken cancellationToken = default)
    {
        var isOnCpu = model.Provider.Name == ProviderSelection.Cpu;
        var lanes = isOnCpu ? LanesOnCpu(options) : options.Lanes > 0 ? options.Lanes : GpuLanes;
        if (model.IsBatchFixed)
        {
            return new BatchingPlan(lanes, 1, "the model takes one image a run");
        }

        if (options.MaxRunSize > 0)
        {
            return new BatchingPlan(lanes, Math.Min(options.MaxRunSize, limit), "set by MaxRunSize");
        }

        if (model.Shapes.Count > 0)
        {
            return new BatchingPlan(lanes, limit, $"runs of fixed sizes on {model.Provider.Name}");
        }

        if (options.CalibrationTime == TimeSpan.Zero)
        {
            return new BatchingPlan(lanes, isOnCpu ? 1 : limit, $"not measured, the default on {model.Provider.Name}");
        }

        var measured = new RunSizeCalibration(model, lanes, time).Measure(limit, options.CalibrationTime, cancellationToken);
        return new BatchingPlan(lanes, measured.Best, measured.ToString());
    }
}
