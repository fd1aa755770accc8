using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Inference;

/// <summary>Creates ONNX Runtime sessions on the provider that was asked for, and says which one it became.</summary>
internal static class SessionFactory
{
    private static readonly Lock Gate = new();
    private static IReadOnlySet<string>? _offered;

    /// <summary>
    /// ONNX Runtime's names of the providers that the native library was built with. A failure is tried again with the next call.
    /// </summary>
    /// <exception cref="EnvironmentException">The native library cannot be used.</exception>
    internal static IReadOnlySet<string> OfferedProviders
    {
        get
        {
            lock (Gate)
            {
                return _offered ??= ReadOfferedProviders();
            }
        }
    }

    /// <summary>Creates a session, with the fallback that <see cref="ExecutionProvider.Auto"/> allows.</summary>
    /// <exception cref="ModelLoadException">The model is none, or the provider cannot be used.</exception>
    /// <exception cref="EnvironmentException">ONNX Runtime's library cannot be used, or there is too little memory.</exception>
    internal static InferenceSession Create(
        byte[] model, string modelSha256, ModelOptions options, out ProviderSelection selection, out SessionBuilder builder)
    {
        var wanted = options.Provider == ExecutionProvider.Auto ? ExecutionProvider.Cuda : options.Provider;
        if (options.RequireGpu && wanted == ExecutionProvider.Cpu)
        {
            throw new ModelLoadException(
                ModelErrorCodes.ProviderUnavailable,
                "A GPU is required (RequireGpu): expected the provider Auto, Cuda or TensorRt, found Cpu.");
        }

        _ = OfferedProviders;
        if (wanted == ExecutionProvider.Cpu)
        {
            selection = new ProviderSelection(ProviderSelection.Cpu);
            builder = new SessionBuilder(ExecutionProvider.Cpu, model, modelSha256, options);
            return CreateOnCpu(builder, model);
        }

        var problem = ProviderProbe.FindObstacle(wanted, out _);
        if (problem is null)
        {
            try
            {
                selection = new ProviderSelection(ProviderProbe.Name(wanted));
                builder = new SessionBuilder(wanted, model, modelSha256, options);
                return builder.Build();
            }
            catch (OnnxRuntimeException exception)
            {
                problem = OnnxMessage.For(exception);
            }
        }

        if (options.Provider == ExecutionProvider.Auto && !options.RequireGpu)
        {
            selection = new ProviderSelection(ProviderSelection.Cpu, $"{ProviderProbe.Name(wanted)} cannot be used: {problem}");
            builder = new SessionBuilder(ExecutionProvider.Cpu, model, modelSha256, options);
            return CreateOnCpu(builder, model);
        }

        throw new ModelLoadException(
            ModelErrorCodes.ProviderUnavailable,
            $"Expected to run on {ProviderProbe.Name(wanted)}, but it cannot be used: {problem}.");
    }

    /// <summary>Creates a session on one provider, all graph optimisations on.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="model">The bytes of an ONNX file.</param>
    /// <param name="options">How to load.</param>
    /// <param name="stream">Its stream on CUDA; null for streams of ONNX Runtime's.</param>
    /// <exception cref="OnnxRuntimeException">The model or the provider is refused.</exception>
    internal static InferenceSession CreateOn(
        ExecutionProvider provider, byte[] model, ModelOptions options, CudaSessionStream? stream = null)
    {
        _ = OfferedProviders;
        return new SessionBuilder(provider, model, string.Empty, options with { OptimizedFolder = null }, stream).Build();
    }

    /// <summary>Creates a session that runs the graph on the CPU exactly as it is stored.</summary>
    /// <exception cref="ModelLoadException">The bytes are no ONNX model.</exception>
    internal static InferenceSession CreatePlain(byte[] model)
    {
        _ = OfferedProviders;
        using var session = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        try
        {
            return new InferenceSession(model, session);
        }
        catch (OnnxRuntimeException exception)
        {
            throw NotAModel(model, exception);
        }
    }

    private static InferenceSession CreateOnCpu(SessionBuilder builder, byte[] model)
    {
        try
        {
            return builder.Build();
        }
        catch (OnnxRuntimeException exception)
        {
            throw NotAModel(model, exception);
        }
    }

    /// <summary>Too little memory for a session says nothing about the model.</summary>
    private static Exception NotAModel(byte[] model, OnnxRuntimeException exception) =>
        (Exception?)EnvironmentFault.From(exception) ?? new ModelLoadException(
            ModelErrorCodes.NotAnOnnxModel,
            $"Expected an ONNX model, found {model.Length} bytes that ONNX Runtime refuses: {exception.Message}",
            exception);

    private static HashSet<string> ReadOfferedProviders()
    {
        NativeLibraries.Require(NativeLibraries.OnnxRuntime);

        // Its lines would go to standard error, coloured; errors come as exceptions, too.
        if (!OrtEnv.IsCreated)
        {
            var options = new EnvironmentCreationOptions
            {
                logId = "Nanodet.Serverless",
                logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            };
            OrtEnv.CreateInstanceWithOptions(ref options);
        }

        return [.. OrtEnv.Instance().GetAvailableProviders()];
    }
}
