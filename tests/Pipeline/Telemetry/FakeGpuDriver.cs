using Nanodet.Detection.Gpu;

namespace Nanodet.Serverless.Pipeline.Tests.Telemetry;

/// <summary>A driver without a GPU.</summary>
internal sealed class FakeGpuDriver(params GpuReading[] readings) : IGpuDriver
{
    private static readonly GpuReading[] Usual = [new(0, "Tesla T4", 3L << 30, 16L << 30, 0.42)];

    public string? DriverVersion { get; init; } = "580.65.06";

    public Version? CudaVersion => new(13, 0);

    public IReadOnlyList<GpuReading> Read() => readings.Length == 0 ? Usual : readings;
}
