using System.Diagnostics;
using System.Diagnostics.Metrics;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Telemetry;

namespace Nanodet.Serverless.Pipeline.Telemetry;

/// <summary>
/// The meter and the activity source. docs/telemetry.md lists every instrument and span; without a listener none of them costs
/// an allocation.
/// </summary>
public static class PipelineTelemetry
{
    /// <summary>Their name.</summary>
    public const string Name = DetectionTelemetry.Name;

    internal static readonly ActivitySource Source = new(Name);

    private static readonly Meter Meter = new(Name);

    private static readonly InstrumentAdvice<int> Counts = new()
    {
        HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000],
    };

    /// <summary>Tag <c>status</c>: detected, failed or skipped.</summary>
    internal static readonly Counter<long> Images =
        Meter.CreateCounter<long>("nanodet.image.count", "{image}", "Images that were processed, by what became of them.");

    /// <summary>Tag <c>code</c>: a failure code of docs/results.md.</summary>
    internal static readonly Counter<long> Failures =
        Meter.CreateCounter<long>("nanodet.image.failures", "{image}", "Images that failed, by failure code.");

    internal static readonly Counter<long> Downloaded =
        Meter.CreateCounter<long>("nanodet.image.bytes", "By", "Encoded bytes that were downloaded.");

    /// <summary>Tag <c>queue</c>: images or batches.</summary>
    internal static readonly Histogram<double> QueueWait =
        Meter.CreateHistogram(
            "nanodet.queue.wait", "s", "From a message's sending to the begin of its work.", null, DetectionTelemetry.Seconds);

    internal static readonly Histogram<double> BatchDuration =
        Meter.CreateHistogram(
            "nanodet.batch.duration", "s", "From a batch's message to its staging blob.", null, DetectionTelemetry.Seconds);

    internal static readonly Histogram<int> BatchSize =
        Meter.CreateHistogram("nanodet.batch.size", "{image}", "Images of a batch.", null, Counts);

    /// <summary>Tag <c>stage</c>: decode, preprocess, inference or postprocess.</summary>
    internal static readonly Histogram<double> StageDuration = Meter.CreateHistogram(
        "nanodet.stage.duration", "s", "Time of one image in one stage of its detection.", null, DetectionTelemetry.Seconds);

    internal static readonly Histogram<double> WriteDuration =
        Meter.CreateHistogram("nanodet.write.duration", "s", "From a staging blob to its results.", null, DetectionTelemetry.Seconds);

    /// <summary>Tag <c>outcome</c>: ready, or a code of a model's error.</summary>
    internal static readonly Counter<long> ModelLoads =
        Meter.CreateCounter<long>("nanodet.model.loads", "{load}", "Tries to load the model, by outcome.");

    internal static readonly Histogram<double> ModelLoadDuration =
        Meter.CreateHistogram("nanodet.model.load_duration", "s", "From a try's begin to a ready model.", null, DetectionTelemetry.Seconds);

    /// <summary>Tag <c>outcome</c>: ready, or a code of a model's error.</summary>
    internal static readonly Counter<long> ModelSwaps =
        Meter.CreateCounter<long>(
            "nanodet.model.swaps", "{swap}", "Published models that were to take the serving one's place, by outcome.");

    internal static readonly Histogram<double> StartupDuration =
        Meter.CreateHistogram(
            "nanodet.startup.duration", "s", "From the start of the process to its first ready model.", null, DetectionTelemetry.Seconds);

    /// <summary>Records the stages of one image.</summary>
    internal static void RecordStages(StageTimings timings)
    {
        if (!StageDuration.Enabled)
        {
            return;
        }

        Record("decode", timings.DecodeMs);
        Record("preprocess", timings.PreprocessMs);
        Record("inference", timings.InferenceMs);
        Record("postprocess", timings.PostprocessMs);

        static void Record(string stage, double milliseconds) =>
            StageDuration.Record(milliseconds / 1000, new KeyValuePair<string, object?>("stage", stage));
    }

    /// <summary>Counts one image, and what it failed by.</summary>
    internal static void CountImage(string status, string? failure)
    {
        Images.Add(1, new KeyValuePair<string, object?>("status", status));
        if (failure is not null)
        {
            Failures.Add(1, new KeyValuePair<string, object?>("code", failure));
        }
    }

    /// <summary>Records how long a message waited; a clock that runs behind the sender's counts as no wait.</summary>
    /// <param name="queue">events, images or batches.</param>
    /// <param name="queuedUtc">When it was sent; null for a sender that did not say.</param>
    /// <param name="now">The time.</param>
    public static void RecordWait(string queue, DateTimeOffset? queuedUtc, DateTimeOffset now)
    {
        if (queuedUtc is { } sent && QueueWait.Enabled)
        {
            QueueWait.Record(Math.Max(0, (now - sent).TotalSeconds), new KeyValuePair<string, object?>("queue", queue));
        }
    }
}
