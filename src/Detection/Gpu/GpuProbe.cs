using System.Globalization;
using System.Text.RegularExpressions;
using Nanodet.Detection.Inference;

namespace Nanodet.Detection.Gpu;

/// <summary>Finds out which driver a machine has, and whether it is new enough for the CUDA provider that is installed.</summary>
public static partial class GpuProbe
{
    private const string KernelModule = "/proc/driver/nvidia/version";

    /// <summary>
    /// What the CUDA provider of ONNX Runtime 1.31 is compiled for, read from its file. Code runs on GPUs of the same major version from
    /// that minor one on; there is no PTX that others could compile.
    /// </summary>
    private static readonly Version[] Compiled = [new(7, 5), new(8, 0), new(8, 6), new(8, 9), new(9, 0), new(12, 0)];

    /// <summary>
    /// The first driver branch of each major version of CUDA; newer drivers serve older versions, too.
    /// Source: the table of driver versions in NVIDIA's CUDA Toolkit release notes.
    /// </summary>
    private static readonly Dictionary<int, int> FirstDriver = new() { [11] = 450, [12] = 525, [13] = 580 };

    /// <summary>Asks NVML, and the kernel module where there is no NVML.</summary>
    public static GpuStatus Probe()
    {
        if (NvmlDriver.TryOpen(out var driver, out var problem))
        {
            using (driver)
            {
                return Probe(driver, problem: null, kernelModule: null, ProviderProbe.CudaMajor());
            }
        }

        return Probe(driver: null, problem, ReadKernelModule(), ProviderProbe.CudaMajor());
    }

    /// <summary>Judges what was found.</summary>
    /// <param name="driver">NVML; null where it cannot be opened.</param>
    /// <param name="problem">Why it cannot.</param>
    /// <param name="kernelModule">The text of the kernel module's file, or null.</param>
    /// <param name="cudaMajor">The major version of CUDA that the provider links; null without provider.</param>
    internal static GpuStatus Probe(IGpuDriver? driver, string? problem, string? kernelModule, int? cudaMajor)
    {
        int? required = cudaMajor is { } major && FirstDriver.TryGetValue(major, out var first) ? first : null;
        var version = driver?.DriverVersion ?? (kernelModule is null ? null : FindVersion(kernelModule));
        var source = version is null ? null : driver is null ? KernelModule : "NVML";
        var gpus = driver?.Read() ?? [];
        return new GpuStatus(version, source, driver?.CudaVersion?.ToString(2), required, gpus, FindProblem());

        string? FindProblem()
        {
            if (version is null)
            {
                return problem ?? "the driver does not say its version";
            }

            if (required is { } branch && Branch(version) is { } found && found < branch)
            {
                return $"CUDA {cudaMajor} needs driver {branch} or newer, found {version}";
            }

            return driver is null
                ? $"driver {version} is there, but {problem}"
                : gpus.Count == 0 ? "the driver shows no GPU" : gpus.Select(FindMismatch).FirstOrDefault(found => found is not null);
        }
    }

    /// <summary>
    /// Why the installed CUDA provider has no code for a GPU; null where it has, or where the GPU does not say what it is.
    /// </summary>
    internal static string? FindMismatch(GpuReading gpu) =>
        gpu.ComputeCapability is not { } capability
            || Array.Exists(Compiled, code => code.Major == capability.Major && code.Minor <= capability.Minor)
            ? null
            : $"{gpu.Name} has compute capability {capability}; the CUDA provider has code for "
                + $"{string.Join(", ", Compiled.Select(code => code.ToString()))} "
                + "and newer ones of the same major version: use another GPU, or Nanodet:Model:Provider=Cpu";

    /// <summary>The version in the first line of the kernel module's file, or null.</summary>
    internal static string? FindVersion(string kernelModule) =>
        VersionPattern().Match(kernelModule.Split('\n')[0]) is { Success: true } match ? match.Value : null;

    private static int? Branch(string version) =>
        int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var branch) ? branch : null;

    private static string? ReadKernelModule()
    {
        try
        {
            return File.Exists(KernelModule) ? File.ReadAllText(KernelModule) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\b\d{3,}\.\d+(\.\d+)?\b", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}
