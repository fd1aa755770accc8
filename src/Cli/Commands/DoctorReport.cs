using Nanodet.Detection.Gpu;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet doctor</c>.</summary>
internal sealed record DoctorReport
{
    /// <summary>Version of this program.</summary>
    public required string Nanodet { get; init; }

    /// <summary>Version of the .NET runtime.</summary>
    public required string Dotnet { get; init; }

    /// <summary>Operating system and architecture.</summary>
    public required string System { get; init; }

    /// <summary>Version of ONNX Runtime; "not usable" where its library cannot be loaded.</summary>
    public required string OnnxRuntime { get; init; }

    /// <summary>Every native library that the program uses, found or not.</summary>
    public required IReadOnlyList<NativeLibraryStatus> Libraries { get; init; }

    /// <summary>What decodes JPEG, and what to install where something faster does.</summary>
    public required JpegDecoding Jpeg { get; init; }

    /// <summary>Why images cannot be decoded and drawn; null when one of each format was.</summary>
    public required DoctorProblem? Images { get; init; }

    /// <summary>Name of the processor.</summary>
    public required string Cpu { get; init; }

    /// <summary>Logical processors that this process may use.</summary>
    public required int Processors { get; init; }

    /// <summary>The widest vector instructions that .NET sees.</summary>
    public required string Vectors { get; init; }

    /// <summary>Version of Node.js, or null.</summary>
    public required string? Node { get; init; }

    /// <summary>Version of npm, or null.</summary>
    public required string? Npm { get; init; }

    /// <summary>Version of Azurite, or null.</summary>
    public required string? Azurite { get; init; }

    /// <summary>The execution providers.</summary>
    public required IReadOnlyList<ProviderStatus> Providers { get; init; }

    /// <summary>The driver of NVIDIA GPUs, and the GPUs.</summary>
    public required GpuStatus Gpu { get; init; }

    /// <summary>The model that was named; null for none.</summary>
    public DoctorModel? Model { get; init; }

    /// <summary>The storage that was named; null for none.</summary>
    public DoctorStorage? Storage { get; init; }

    /// <summary>What stands in the way of what was asked for; empty for nothing.</summary>
    public required IReadOnlyList<DoctorProblem> Problems { get; init; }
}
