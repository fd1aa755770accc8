namespace Nanodet.Detection.Gpu;

/// <summary>The boundary to the driver of NVIDIA's GPUs.</summary>
internal interface IGpuDriver
{
    /// <summary>The driver's version, such as <c>580.65.06</c>; null when it does not say.</summary>
    string? DriverVersion { get; }

    /// <summary>The newest CUDA version that the driver serves, such as 13.0; null when it does not say.</summary>
    Version? CudaVersion { get; }

    /// <summary>What the GPUs say of themselves now; those that say nothing are left out.</summary>
    IReadOnlyList<GpuReading> Read();
}
