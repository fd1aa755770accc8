using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Inference;

/// <summary>Decides how the runs of a session are made: by its provider, and by what the machine has.</summary>
internal static class ProviderRuns
{
    /// <summary>Opens runs for a session.</summary>
    /// <param name="session">The session; belongs to the caller.</param>
    /// <param name="description">What the model is.</param>
    /// <param name="provider">What the session runs on.</param>
    /// <param name="model">The bytes of the model, for further sessions.</param>
    /// <param name="options">How the model is loaded.</param>
    /// <exception cref="ModelLoadException">The output is not what the description promises.</exception>
    /// <exception cref="OnnxRuntimeException">The first run failed.</exception>
    /// <exception cref="GpuException">CUDA refused something.</exception>
    internal static IModelRuns Open(
        InferenceSession session, ModelDescription description, ProviderSelection provider, byte[] model, ModelOptions options)
    {
        if (provider.Name == ProviderSelection.Cpu)
        {
            return new SharedRuns(session, description);
        }

        var memory = HostMemory.Pinned(session, options.DeviceId);
        if (provider.Name != ProviderSelection.Cuda)
        {
            // TensorRT keeps engines of its own, and does not wait for inputs that are bound ahead.
            return BoundRuns.Open(session, description, memory, copiesAhead: false);
        }

        // Binding an input ahead waits for the GPU that the calling thread used last, which a new thread has not told yet: only the first
        // GPU is everybody's from the beginning.
        return CudaRuntime.Load(ProviderProbe.CudaMajor(), out var problem) is { } cuda
            ? OpenShaped(session, description, memory, cuda, model, options)
            : BoundRuns.Open(session, description, memory, copiesAhead: options.DeviceId == 0, note: $"no fixed shapes: {problem}");
    }

    // Measured on one H100, in float16: with channels last a run of 64 took 3 % less, and smaller ones more; in float32 each took more.
    private const int SmallestNhwcRun = 64;

    private static ShapedRuns OpenShaped(
        InferenceSession session, ModelDescription description, HostMemory memory, CudaRuntime cuda, byte[] model, ModelOptions options)
    {
        var isBatchFixed = session.InputMetadata[ModelSignature.InputName].Dimensions[0] == 1;
        var isHalf = description.Precision == ParityPrecision.Half;
        var (height, width) = ModelInput.ShapeOf(description.Input);
        var gains = isHalf && !ReferenceEquals(CudaGraphForm.Fit(model, height, width, isProvisional: true), model);
        var owned = new CudaOwned(new DeviceThread(), new CudaTurns(cuda, options.DeviceId));
        return ShapedRuns.Open(
            description,
            memory,
            ShapedRunsOptions.For(description.Input.KeepRatio, isBatchFixed, gains),
            (shape, step) => new CudaShapeSession(
                stream => OpenSession(
                    CudaGraphForm.Fit(model, shape.Height, shape.Width, step.IsProvisional),
                    options,
                    stream,
                    prefersNhwc: isHalf && !step.IsProvisional && step.Size >= SmallestNhwcRun),
                shape,
                owned.Thread,
                owned.Turns,
                cuda,
                options.DeviceId),
            owned);
    }

    /// <summary>A graph with a part on the CPU cannot be captured: its runs are ONNX Runtime's.</summary>
    private static (InferenceSession Session, string? Problem) OpenSession(
        byte[] model, ModelOptions options, nint stream, bool prefersNhwc)
    {
        try
        {
            var captured = new CudaSessionStream(stream, IsForCapture: true, prefersNhwc);
            return (SessionFactory.CreateOn(ExecutionProvider.Cuda, model, options, captured), null);
        }
        catch (OnnxRuntimeException exception) when (!SessionFault.IsOutOfMemory(exception) && !SessionFault.IsLost(exception))
        {
            var plain = new CudaSessionStream(stream, IsForCapture: false, prefersNhwc);
            return (SessionFactory.CreateOn(ExecutionProvider.Cuda, model, options, plain), OnnxMessage.For(exception));
        }
    }

    /// <summary>What all sessions of a model share.</summary>
    private sealed record CudaOwned(DeviceThread Thread, CudaTurns Turns) : IDisposable
    {
        public void Dispose()
        {
            Thread.Dispose();
            Turns.Dispose();
        }
    }
}
