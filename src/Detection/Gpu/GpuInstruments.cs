using System.Diagnostics.Metrics;
using Nanodet.Detection.Telemetry;

namespace Nanodet.Detection.Gpu;

/// <summary>Memory and utilisation of the GPUs, read when somebody collects them. Tag <c>gpu</c>: the number of the GPU.</summary>
internal sealed class GpuInstruments : IDisposable
{
    private readonly Meter _meter = new(DetectionTelemetry.Name);

    internal GpuInstruments(IGpuDriver driver)
    {
        _meter.CreateObservableUpDownCounter(
            "nanodet.gpu.memory_usage", () => Measure<long>(driver, static gpu => gpu.MemoryUsed), "By", "Memory of a GPU that is taken.");
        _meter.CreateObservableUpDownCounter(
            "nanodet.gpu.memory_limit", () => Measure<long>(driver, static gpu => gpu.MemoryTotal), "By", "Memory of a GPU.");
        _meter.CreateObservableGauge(
            "nanodet.gpu.utilization",
            () => Measure(driver, static gpu => gpu.Utilization),
            "1",
            "Share of the last sample period in which a kernel ran on a GPU.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<T>> Measure<T>(IGpuDriver driver, Func<GpuReading, T?> value)
        where T : struct =>
        from gpu in driver.Read()
        let measured = value(gpu)
        where measured.HasValue
        select new Measurement<T>(measured.Value, new KeyValuePair<string, object?>("gpu", gpu.Index));
}
