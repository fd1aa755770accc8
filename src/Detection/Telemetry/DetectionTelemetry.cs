using System.Diagnostics.Metrics;

namespace Nanodet.Detection.Telemetry;

/// <summary>
/// The instruments of detection, for a <see cref="MeterListener"/> or OpenTelemetry. Without a listener none of them costs an allocation.
/// </summary>
public static class DetectionTelemetry
{
    /// <summary>
    /// The name of the meter: <c>nanodet.batch.fill</c>, <c>nanodet.batcher.wait</c> and <c>nanodet.model.faults</c> are of it.
    /// </summary>
    public const string Name = "Nanodet.Serverless";

    private static readonly Meter Meter = new(Name);

    internal static readonly Histogram<double> BatchFill = Meter.CreateHistogram(
        "nanodet.batch.fill", "1", "Images of one run of the model, of the most that a run takes.", null, Ratio);

    internal static readonly Histogram<double> BatcherWait = Meter.CreateHistogram(
        "nanodet.batcher.wait", "s", "From an image's arrival at the batcher to the begin of its run.", null, Seconds);

    /// <summary>Tag <c>kind</c>: session_lost or out_of_memory.</summary>
    internal static readonly Counter<long> ModelFaults =
        Meter.CreateCounter<long>("nanodet.model.faults", "{fault}", "Faults of session and machine that were survived.");

    /// <summary>The default boundaries of the SDK are meant for milliseconds.</summary>
    internal static InstrumentAdvice<double> Seconds => new()
    {
        HistogramBucketBoundaries =
            [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
    };

    private static InstrumentAdvice<double> Ratio => new()
    {
        HistogramBucketBoundaries = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    };
}
