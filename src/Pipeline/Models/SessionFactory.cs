using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>Creates ONNX Runtime sessions on the provider that was asked for, and says which one it became.</summary>
internal static class SessionFactory
{
    private const string DisableCpuFallback = "session.disable_cpu_ep_fallback";

    // On x64 CPUs without VNNI the fast product of unsigned and signed bytes overflows; this takes the exact one there, and only there.
    private const string ExactProducts = "session.x64quantprecision";
    private static readonly Lazy<IReadOnlySet<string>> LazyOffered = new(ReadOfferedProviders);

    /// <summary>ONNX Runtime's names of the providers that the native library was built with.</summary>
    internal static IReadOnlySet<string> OfferedProviders => LazyOffered.Value;

    /// <summary>Creates a session, with the fallback that <see cref="ExecutionProvider.Auto"/> allows.</summary>
    /// <exception cref="ModelLoadException">The model is none, or the provider cannot be used.</exception>
    internal static InferenceSession Create(byte[] model, ModelOptions options, out ProviderSelection selection)
    {
        var wanted = options.Provider == ExecutionProvider.Auto ? ExecutionProvider.Cuda : options.Provider;
        if (options.RequireGpu && wanted == ExecutionProvider.Cpu)
        {
            throw new ModelLoadException(
                ModelErrorCodes.ProviderUnavailable,
                "ModelOptions.RequireGpu and the provider Cpu exclude each other.");
        }

        if (wanted == ExecutionProvider.Cpu)
        {
            selection = new ProviderSelection(ProviderSelection.Cpu);
            return CreateOnCpu(model, options);
        }

        var problem = ProviderProbe.FindObstacle(wanted, out _);
        if (problem is null)
        {
            try
            {
                selection = new ProviderSelection(ProviderProbe.Name(wanted));
                return CreateOn(wanted, model, options);
            }
            catch (OnnxRuntimeException exception)
            {
                problem = exception.Message;
            }
        }

        if (options.Provider == ExecutionProvider.Auto && !options.RequireGpu)
        {
            selection = new ProviderSelection(ProviderSelection.Cpu, $"{ProviderProbe.Name(wanted)} cannot be used: {problem}");
            return CreateOnCpu(model, options);
        }

        throw new ModelLoadException(
            ModelErrorCodes.ProviderUnavailable,
            $"Expected to run on {ProviderProbe.Name(wanted)}, but it cannot be used: {problem}.");
    }

    /// <summary>Creates a session on one provider, all graph optimisations on.</summary>
    /// <exception cref="OnnxRuntimeException">The model or the provider is refused.</exception>
    internal static InferenceSession CreateOn(ExecutionProvider provider, byte[] model, ModelOptions options)
    {
        _ = OfferedProviders;
        using var session = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        session.AddSessionConfigEntry(ExactProducts, "1");
        if (options.IntraOpThreads > 0)
        {
            session.IntraOpNumThreads = options.IntraOpThreads;
        }

        if (options.RequireGpu)
        {
            session.AddSessionConfigEntry(DisableCpuFallback, "1");
        }

        var device = new Dictionary<string, string>
        {
            ["device_id"] = options.DeviceId.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        if (provider == ExecutionProvider.TensorRt)
        {
            using var tensorRt = new OrtTensorRTProviderOptions();
            tensorRt.UpdateOptions(device);
            session.AppendExecutionProvider_Tensorrt(tensorRt);
        }

        if (provider is ExecutionProvider.TensorRt or ExecutionProvider.Cuda)
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(device);
            session.AppendExecutionProvider_CUDA(cuda);
        }

        return new InferenceSession(model, session);
    }

    /// <summary>Creates a session that runs the graph on the CPU exactly as it is stored.</summary>
    /// <exception cref="ModelLoadException">The bytes are no ONNX model.</exception>
    internal static InferenceSession CreatePlain(byte[] model)
    {
        _ = OfferedProviders;
        using var session = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
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

    private static InferenceSession CreateOnCpu(byte[] model, ModelOptions options)
    {
        try
        {
            return CreateOn(ExecutionProvider.Cpu, model, options);
        }
        catch (OnnxRuntimeException exception)
        {
            throw NotAModel(model, exception);
        }
    }

    private static ModelLoadException NotAModel(byte[] model, OnnxRuntimeException exception) => new(
        ModelErrorCodes.NotAnOnnxModel,
        $"Expected an ONNX model, found {model.Length} bytes that ONNX Runtime refuses: {exception.Message}",
        exception);

    private static HashSet<string> ReadOfferedProviders()
    {
        // Warnings about absent GPUs would go to standard error on every start; errors come as exceptions, too.
        if (!OrtEnv.IsCreated)
        {
            var options = new EnvironmentCreationOptions
            {
                logId = "Nanodet.Serverless",
                logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            };
            OrtEnv.CreateInstanceWithOptions(ref options);
        }

        return [.. OrtEnv.Instance().GetAvailableProviders()];
    }
}
