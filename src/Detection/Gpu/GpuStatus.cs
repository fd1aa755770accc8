namespace Nanodet.Detection.Gpu;

/// <summary>What <see cref="GpuProbe"/> found out about the driver.</summary>
/// <param name="DriverVersion">Such as <c>580.65.06</c>; null for none.</param>
/// <param name="Source">Where the version was read: NVML, or the kernel module's file; null for none.</param>
/// <param name="CudaVersion">The newest CUDA that the driver serves; null when it does not say.</param>
/// <param name="RequiredDriver">The oldest driver branch that the installed CUDA provider runs on; null when there is no provider.</param>
/// <param name="Gpus">The GPUs; empty when the driver shows none.</param>
/// <param name="Problem">Why no GPU can be used as far as the driver goes; null for nothing.</param>
public sealed record GpuStatus(
    string? DriverVersion,
    string? Source,
    string? CudaVersion,
    int? RequiredDriver,
    IReadOnlyList<GpuReading> Gpus,
    string? Problem);
