using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What a measurement ran on.</summary>
/// <param name="Cpu">Name of the processor.</param>
/// <param name="Processors">Logical processors that this process may use.</param>
/// <param name="Vectors">The widest vector instructions that .NET sees.</param>
/// <param name="System">Operating system and architecture.</param>
/// <param name="Dotnet">Version of the .NET runtime.</param>
/// <param name="OnnxRuntime">Version of ONNX Runtime; "not usable" where its library cannot be loaded.</param>
internal sealed record Machine(string Cpu, int Processors, string Vectors, string System, string Dotnet, string OnnxRuntime)
{
    /// <summary>Looks at this machine.</summary>
    public static async Task<Machine> ReadAsync(CancellationToken cancellationToken) => new(
        await CpuNameAsync(cancellationToken),
        Environment.ProcessorCount,
        VectorName(),
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
        RuntimeInformation.FrameworkDescription,
        NativeVersions.OnnxRuntime ?? "not usable");

    private static string VectorName() =>
        (Avx512F.IsSupported, Avx2.IsSupported, global::System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported) switch
        {
            (true, _, _) => "AVX-512",
            (_, true, _) => "AVX2",
            (_, _, true) => "NEON",
            _ => "no vector instructions",
        };

    private static async Task<string> CpuNameAsync(CancellationToken cancellationToken)
    {
        const string linux = "/proc/cpuinfo";
        if (!File.Exists(linux))
        {
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
        }

        var lines = await File.ReadAllLinesAsync(linux, cancellationToken);
        var model = lines.FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        return model is null ? RuntimeInformation.ProcessArchitecture.ToString() : model[(model.IndexOf(':') + 1)..].Trim();
    }
}
