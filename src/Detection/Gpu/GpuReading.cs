namespace Nanodet.Detection.Gpu;

/// <summary>What a GPU says of itself.</summary>
/// <param name="Index">Its number in the driver's order, from 0.</param>
/// <param name="Name">Its name, such as <c>Tesla T4</c>.</param>
/// <param name="MemoryUsed">Bytes of its memory that are taken, by whichever process.</param>
/// <param name="MemoryTotal">Bytes of its memory.</param>
/// <param name="Utilization">Share of the driver's last sample period in which a kernel ran, 0 to 1; null when it does not say.</param>
public readonly record struct GpuReading(int Index, string Name, long MemoryUsed, long MemoryTotal, double? Utilization)
{
    /// <summary>Its compute capability, such as 9.0; null when it does not say.</summary>
    public Version? ComputeCapability { get; init; }
}
