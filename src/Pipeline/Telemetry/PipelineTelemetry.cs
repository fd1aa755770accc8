using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Nanodet.Serverless.Pipeline.Telemetry;

/// <summary>
/// The one meter and the one activity source. docs/telemetry.md lists every instrument and span; without a listener none of them costs
/// an allocation.
/// </summary>
public static class PipelineTelemetry
{
    /// <summary>Their name.</summary>
    public const string Name = "Nanodet.Serverless";

    internal static readonly ActivitySource Source = new(Name);

    private static readonly Meter Meter = new(Name);

    /// <summary>The default boundaries of the SDK are meant for milliseconds.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries =
            [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
    };

    private static readonly InstrumentAdvice<double> Ratio = new()
    {
        HistogramBucketBoundaries = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    };

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
        Meter.CreateHistogram("nanodet.queue.wait", "s", "From a message's sending to the begin of its work.", null, Seconds);

    internal static readonly Histogram<double> BatchDuration =
        Meter.CreateHistogram("nanodet.batch.duration", "s", "From a batch's message to its staging blob.", null, Seconds);

    internal static readonly Histogram<int> BatchSize =
        Meter.CreateHistogram("nanodet.batch.size", "{image}", "Images of a batch.", null, Counts);

    internal static readonly Histogram<double> BatchFill =
        Meter.CreateHistogram("nanodet.batch.fill", "1", "Images of one run of the model, of the most that a run takes.", null, Ratio);

    /// <summary>Tag <c>stage</c>: decode, preprocess, inference or postprocess.</summary>
    internal static readonly Histogram<double> StageDuration = Meter.CreateHistogram(
        "nanodet.stage.duration", "s", "Time of one image in one stage of its detection.", null, Seconds);

    internal static readonly Histogram<double> BatcherWait = Meter.CreateHistogram(
        "nanodet.batcher.wait", "s", "From an image's arrival at the batcher to the begin of its run.", null, Seconds);

    internal static readonly Histogram<double> WriteDuration =
        Meter.CreateHistogram("nanodet.write.duration", "s", "From a staging blob to its results.", null, Seconds);

    /// <summary>Tag <c>outcome</c>: ready, or a code of a model's error.</summary>
    internal static readonly Counter<long> ModelLoads =
        Meter.CreateCounter<long>("nanodet.model.loads", "{load}", "Tries to load the model, by outcome.");

    internal static readonly Histogram<double> ModelLoadDuration =
        Meter.CreateHistogram("nanodet.model.load_duration", "s", "From a try's begin to a ready model.", null, Seconds);

    /// <summary>Tag <c>outcome</c>: ready, or a code of a model's error.</summary>
    internal static readonly Counter<long> ModelSwaps =
        Meter.CreateCounter<long>("nanodet.model.swaps", "{swap}", "Published models that were to take the serving one's place, by outcome.");

    /// <summary>Tag <c>kind</c>: session_lost or out_of_memory.</summary>
    internal static readonly Counter<long> ModelFaults =
        Meter.CreateCounter<long>("nanodet.model.faults", "{fault}", "Faults of session and machine that were survived.");

    internal static readonly Histogram<double> StartupDuration =
        Meter.CreateHistogram("nanodet.startup.duration", "s", "From the start of the process to its first ready model.", null, Seconds);

    /// <summary>Records the stages of one image.</summary>
    internal static void RecordStages(Detectors.StageTimings timings)
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
    /// <param name="queue">images or batches.</param>
    /// <param name="queuedUtc">When it was sent; null for a sender that did not say.</param>
    /// <param name="now">The time.</param>
    internal static void RecordWait(string queue, DateTimeOffset? queuedUtc, DateTimeOffset now)
    {
        if (queuedUtc is { } sent && QueueWait.Enabled)
        {
            QueueWait.Record(Math.Max(0, (now - sent).TotalSeconds), new KeyValuePair<string, object?>("queue", queue));
        }
    }
}
