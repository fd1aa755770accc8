using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Inference;

/// <summary>One session on one provider: its settings, and its optimised graph on disk.</summary>
/// <param name="provider">A provider that can be used; not <see cref="ExecutionProvider.Auto"/>.</param>
/// <param name="model">The bytes of an ONNX file.</param>
/// <param name="modelSha256">Their SHA-256.</param>
/// <param name="options">How to load.</param>
/// <param name="stream">Where CUDA does all of the session's work; null for streams of ONNX Runtime's.</param>
internal sealed class SessionBuilder(
    ExecutionProvider provider, byte[] model, string modelSha256, ModelOptions options, CudaSessionStream? stream = null)
{
    private const string PrecisionProperty = "nanodet.precision";
    private const string HalfPrecision = "fp16";
    private const string DisableCpuFallback = "session.disable_cpu_ep_fallback";

    // On x64 CPUs without VNNI the fast product of unsigned and signed bytes overflows; this takes the exact one there, and only there.
    private const string ExactProducts = "session.x64quantprecision";

    /// <summary>How the session got its graph; known once it is there.</summary>
    internal ModelOptimization Optimization { get; private set; } = ModelOptimization.Off;

    /// <summary>The file that the session was made from, where that was an optimised graph.</summary>
    internal string? OptimizedPath { get; private set; }

    /// <summary>Creates the session, all graph optimisations on.</summary>
    /// <exception cref="OnnxRuntimeException">The model or the provider is refused.</exception>
    internal InferenceSession Build()
    {
        // TensorRT compiles subgraphs, which no ONNX file holds: it keeps its own engines.
        if (options.OptimizedFolder is not { } folder || provider == ExecutionProvider.TensorRt)
        {
            return Create(model, saveTo: null);
        }

        var key = OptimizedModelKey.Create(modelSha256, provider, options);
        var cache = new OptimizedModelCache(folder, options.OptimizedBytes, TimeProvider.System);
        try
        {
            return Reuse(cache, key) ?? BuildAndKeep(cache, key);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return BuildWithoutKeeping(exception.Message);
        }
    }

    private InferenceSession? Reuse(OptimizedModelCache cache, OptimizedModelKey key)
    {
        if (cache.Find(key, out var path) is not { } optimized)
        {
            return null;
        }

        string problem;
        try
        {
            var session = Create(optimized, saveTo: null, GraphOptimizationLevel.ORT_DISABLE_ALL);
            if (session.ModelMetadata.CustomMetadataMap.TryGetValue(OptimizedModelCache.KeyProperty, out var made) && made == key.Text)
            {
                Optimization = new ModelOptimization(OptimizedModelUse.Reused);
                OptimizedPath = path;
                return session;
            }

            session.Dispose();
            problem = $"expected a graph for {key.Text}, found one for {made ?? "nothing that it names"}";
        }
        catch (OnnxRuntimeException exception)
        {
            problem = exception.Message;
        }

        Optimization = new ModelOptimization(OptimizedModelUse.Off, $"{Path.GetFileName(path)} was refused and removed: {problem}");
        File.Delete(path!);
        return null;
    }

    private InferenceSession BuildAndKeep(OptimizedModelCache cache, OptimizedModelKey key)
    {
        var temporary = cache.CreateTemporaryName();
        InferenceSession session;
        try
        {
            session = Create(model, temporary);
        }
        catch (OnnxRuntimeException exception)
        {
            // The model's fault or the folder's: without the folder it shows.
            File.Delete(temporary);
            return BuildWithoutKeeping(exception.Message);
        }

        try
        {
            cache.Add(key, temporary);
            Optimization = new ModelOptimization(OptimizedModelUse.Built, Optimization.Note);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Optimization = new ModelOptimization(OptimizedModelUse.NotKept, exception.Message);
        }

        return session;
    }

    private InferenceSession BuildWithoutKeeping(string reason)
    {
        var session = Create(model, saveTo: null);
        Optimization = new ModelOptimization(OptimizedModelUse.NotKept, reason);
        return session;
    }

    private InferenceSession Create(
        byte[] bytes, string? saveTo, GraphOptimizationLevel level = GraphOptimizationLevel.ORT_ENABLE_ALL)
    {
        using var session = new SessionOptions
        {
            GraphOptimizationLevel = level,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            EnableMemoryPattern = options.MemoryPattern,
        };
        session.AddSessionConfigEntry(ExactProducts, "1");
        if (saveTo is not null)
        {
            session.OptimizedModelFilePath = saveTo;
        }

        if (options.ThreadsOfARun(Environment.ProcessorCount) is { } threads)
        {
            session.IntraOpNumThreads = threads;
        }

        if (options.RequireGpu)
        {
            session.AddSessionConfigEntry(DisableCpuFallback, "1");
        }

        AppendProviders(session);
        return provider == ExecutionProvider.Cuda && stream is null
            ? CudaMaking.Make(() => new InferenceSession(bytes, session))
            : new InferenceSession(bytes, session);
    }

    private void AppendProviders(SessionOptions session)
    {
        var device = options.DeviceId.ToString(CultureInfo.InvariantCulture);
        if (provider == ExecutionProvider.TensorRt)
        {
            using var tensorRt = new OrtTensorRTProviderOptions();
            tensorRt.UpdateOptions(TensorRtSettings(device));
            session.AppendExecutionProvider_Tensorrt(tensorRt);
        }

        if (provider is ExecutionProvider.TensorRt or ExecutionProvider.Cuda)
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(CudaSettings(device));
            session.AppendExecutionProvider_CUDA(cuda);
        }
    }

    /// <summary>
    /// Each run takes a stream from the session's pool, and so does the copy of an input that is bound ahead of its run: sharing one stream
    /// among them would put the copy behind the run that it is meant to go beside. The heuristic search for convolutions takes a lookup
    /// where the exhaustive one tries every algorithm again for each batch size.
    /// </summary>
    internal Dictionary<string, string> CudaSettings(string device)
    {
        var settings = new Dictionary<string, string>
        {
            ["device_id"] = device,
            ["arena_extend_strategy"] = options.GpuArenaGrowth == ArenaGrowth.AsRequested ? "kSameAsRequested" : "kNextPowerOfTwo",
            ["cudnn_conv_algo_search"] = "HEURISTIC",
            ["use_ep_level_unified_stream"] = "0",

            // Its 10 bits of mantissa are not float32's numbers, so that it has to be asked for; a float16 model, whose plans for tensor
            // cores it opens, loses nothing by it.
            ["use_tf32"] = options.Tf32 || OnnxProperty.Find(model, PrecisionProperty) == HalfPrecision ? "1" : "0",
        };
        if (stream is not null)
        {
            settings["has_user_compute_stream"] = "1";
            settings["user_compute_stream"] = stream.Handle.ToString(CultureInfo.InvariantCulture);

            // We capture the runs. But so ONNX Runtime refuses a session a part of which would run on the CPU.
            settings["enable_cuda_graph"] = stream.IsForCapture ? "1" : "0";
            settings["prefer_nhwc"] = stream.PrefersNhwc ? "1" : "0";
        }

        if (options.GpuMemoryBytes > 0)
        {
            settings["gpu_mem_limit"] = options.GpuMemoryBytes.ToString(CultureInfo.InvariantCulture);
        }

        return settings;
    }

    private Dictionary<string, string> TensorRtSettings(string device)
    {
        var settings = new Dictionary<string, string> { ["device_id"] = device };
        if (options.OptimizedFolder is { } folder)
        {
            settings["trt_engine_cache_enable"] = "1";
            settings["trt_engine_cache_path"] = folder;
            settings["trt_timing_cache_enable"] = "1";
            settings["trt_timing_cache_path"] = folder;
        }

        return settings;
    }
}
