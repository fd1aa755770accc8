using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Nanodet.Serverless.Pipeline.Telemetry;

/// <summary>The one meter and the one activity source.</summary>
public static class PipelineTelemetry
{
    /// <summary>Their name.</summary>
    public const string Name = "Nanodet.Serverless";

    internal static readonly ActivitySource Source = new(Name);

    private static readonly Meter Meter = new(Name);

    /// <summary>Tag <c>status</c>: detected, failed or skipped.</summary>
    internal static readonly Counter<long> Images =
        Meter.CreateCounter<long>("nanodet.image.count", "{image}", "Images that were processed, by what became of them.");

    /// <summary>Tag <c>code</c>: a failure code of docs/results.md.</summary>
    internal static readonly Counter<long> Failures =
        Meter.CreateCounter<long>("nanodet.image.failures", "{image}", "Images that failed, by failure code.");

    internal static readonly Counter<long> Downloaded =
        Meter.CreateCounter<long>("nanodet.image.bytes", "By", "Encoded bytes that were downloaded.");

    internal static readonly Histogram<double> BatchDuration =
        Meter.CreateHistogram<double>("nanodet.batch.duration", "s", "From a batch's message to its staging blob.");

    internal static readonly Histogram<int> BatchSize =
        Meter.CreateHistogram<int>("nanodet.batch.size", "{image}", "Images of a batch.");

    internal static readonly Histogram<double> BatcherWait =
        Meter.CreateHistogram<double>("nanodet.batcher.wait", "s", "From an image's arrival at the batcher to the begin of its batch.");

    internal static readonly Histogram<double> WriteDuration =
        Meter.CreateHistogram<double>("nanodet.write.duration", "s", "From a staging blob to its results.");

    /// <summary>Tag <c>outcome</c>: ready, or a code of a model's error.</summary>
    internal static readonly Counter<long> ModelLoads =
        Meter.CreateCounter<long>("nanodet.model.loads", "{load}", "Tries to load the model, by outcome.");

    internal static readonly Histogram<double> ModelLoadDuration =
        Meter.CreateHistogram<double>("nanodet.model.load_duration", "s", "From a try's begin to a ready model.");

    /// <summary>Tag <c>kind</c>: session_lost or out_of_memory.</summary>
    internal static readonly Counter<long> ModelFaults =
        Meter.CreateCounter<long>("nanodet.model.faults", "{fault}", "Faults of the session that were survived.");
}
