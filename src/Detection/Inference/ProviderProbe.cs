using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Inference;

/// <summary>Finds out which execution providers can be used on this machine, and why the others cannot.</summary>
public static class ProviderProbe
{
    private const string CudaProvider = "libonnxruntime_providers_cuda.so";
    private const string CudaRuntime = "libcudart.so.";

    /// <summary>A 1x1 convolution of a 1x1x2x2 float tensor <c>x</c> with the weight 2, named <c>y</c>; opset 17.</summary>
    private const string ConvolutionModel =
        "CAg6bQoVCgF4CgF3EgF5GgRjb252IgRDb252EgVwcm9iZSoTCAEIAQgBCAEQASIEAAAAQEIBd1obCgF4EhYKFAgBEhAKAggBCgIIAQoCCAIKAggCYhsKAXkSFgoUCAESEAoCCAEKAggBCgIIAgoCCAJCBAoAEBE=";

    /// <summary>Probes CPU, CUDA and TensorRT, each by loading it and running a small convolution.</summary>
    /// <param name="deviceId">Which GPU, in the driver's order from 0.</param>
    /// <returns>One status for each provider, in the order CPU, CUDA, TensorRT.</returns>
    public static IReadOnlyList<ProviderStatus> Probe(int deviceId = 0) =>
    [
        Probe(ExecutionProvider.Cpu, deviceId),
        Probe(ExecutionProvider.Cuda, deviceId),
        Probe(ExecutionProvider.TensorRt, deviceId),
    ];

    /// <summary>
    /// Why a provider cannot be used as far as the file system shows it, without loading it; null when nothing speaks against it.
    /// </summary>
    internal static string? FindObstacle(ExecutionProvider provider, out IReadOnlyList<string> missing)
    {
        missing = [];
        if (!SessionFactory.OfferedProviders.Contains(OrtName(provider)))
        {
            return "this program has the ONNX Runtime without it; "
                + "the package Microsoft.ML.OnnxRuntime.Gpu has CUDA and TensorRT for linux-x64 "
                + "and win-x64 (for the tool nanodet: a build with -p:NanodetGpu=true)";
        }

        if (provider == ExecutionProvider.Cpu || !OperatingSystem.IsLinux())
        {
            return null;
        }

        var file = provider == ExecutionProvider.Cuda
            ? CudaProvider
            : "libonnxruntime_providers_tensorrt.so";
        if (NativeFiles.Find(file) is not { } path)
        {
            missing = [file];
            return $"the provider's library {file} is not installed";
        }

        missing = NativeFiles.FindMissing(path);
        return missing.Count == 0 ? null : $"the system's loader does not find {string.Join(", ", missing)}";
    }

    /// <summary>
    /// The major version of CUDA that the installed provider links; null when there is none, and elsewhere than on Linux.
    /// </summary>
    internal static int? CudaMajor() =>
        OperatingSystem.IsLinux() && NativeFiles.Find(CudaProvider) is { } path
            ? SharedObject.ReadNeeded(path)
                .Where(library => library.StartsWith(CudaRuntime, StringComparison.Ordinal))
                .Select(library => int.TryParse(library.AsSpan(CudaRuntime.Length), out var major) ? major : (int?)null)
                .FirstOrDefault()
            : null;

    internal static string Name(ExecutionProvider provider) => provider switch
    {
        ExecutionProvider.Cuda => ProviderSelection.Cuda,
        ExecutionProvider.TensorRt => ProviderSelection.TensorRt,
        _ => ProviderSelection.Cpu,
    };

    private static ProviderStatus Probe(ExecutionProvider provider, int deviceId)
    {
        try
        {
            NativeLibraries.Require(NativeLibraries.OnnxRuntime);
        }
        catch (EnvironmentException exception)
        {
            return new ProviderStatus(Name(provider), Offered: false, Usable: false, [exception.Library!], exception.Message);
        }

        var problem = FindObstacle(provider, out var missing);
        var offered = SessionFactory.OfferedProviders.Contains(OrtName(provider));
        problem ??= RunConvolution(provider, deviceId);
        if (problem is not null
            && offered
            && provider != ExecutionProvider.Cpu
            && OperatingSystem.IsLinux()
            && !missing.Contains(NativeLibraries.CudaConvolutions)
            && !NativeFiles.CanLoad(NativeLibraries.CudaConvolutions))
        {
            missing = [.. missing, NativeLibraries.CudaConvolutions];
            problem = $"{problem}; nor {NativeLibraries.CudaConvolutions}, which convolutions need";
        }

        return new ProviderStatus(Name(provider), offered, problem is null, missing, problem);
    }

    private static string? RunConvolution(ExecutionProvider provider, int deviceId)
    {
        try
        {
            var options = new ModelOptions { Provider = provider, DeviceId = deviceId, RequireGpu = provider != ExecutionProvider.Cpu };
            using var session = SessionFactory.CreateOn(provider, Convert.FromBase64String(ConvolutionModel), options);
            using var run = new RunOptions();
            using var input = OrtValue.CreateTensorValueFromMemory(new float[] { 1, 2, 3, 4 }, [1, 1, 2, 2]);
            using var outputs = session.Run(run, ["x"], [input], ["y"]);
            var values = outputs[0].GetTensorDataAsSpan<float>();
            return values.SequenceEqual([2, 4, 6, 8])
                ? null
                : $"a convolution gave {string.Join(", ", values.ToArray())} instead of 2, 4, 6, 8";
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or ModelLoadException or EnvironmentException)
        {
            return OnnxMessage.For(exception);
        }
    }

    private static string OrtName(ExecutionProvider provider) => provider switch
    {
        ExecutionProvider.Cuda => "CUDAExecutionProvider",
        ExecutionProvider.TensorRt => "TensorrtExecutionProvider",
        _ => "CPUExecutionProvider",
    };
}
