using System.Diagnostics;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Telemetry;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Tests.Telemetry;

/// <summary>Nobody listens: these run when no other test of the assembly does, and those that listen stop listening when they end.</summary>
[Collection(nameof(SilenceTests))]
[CollectionDefinition(nameof(SilenceTests), DisableParallelization = true)]
public sealed class SilenceTests
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public void AnImagesTelemetry_NobodyListening_AllocatesNothing()
    {
        Assert.False(PipelineTelemetry.Source.HasListeners());
        Assert.False(PipelineTelemetry.Images.Enabled);
        var now = TimeProvider.System.GetUtcNow();
        Measure(now);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Measure(now);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Every call that an image costs on its way.</summary>
    private static void Measure(DateTimeOffset now)
    {
        using (TraceContext.Start("nanodet.image.queue", ActivityKind.Producer, Trace))
        {
            PipelineTelemetry.RecordWait("images", now, now);
        }

        PipelineTelemetry.Downloaded.Add(1000);
        DetectionTelemetry.BatchFill.Record(0.5);
        PipelineTelemetry.RecordStages(new StageTimings(1, 2, 3, 4));
        using (TraceContext.StartImage("nanodet.image.detect", Trace, now))
        {
            PipelineTelemetry.CountImage("failed", "not_an_image");
        }

        using (TraceContext.StartImage("nanodet.image.write", Trace))
        {
            PipelineTelemetry.CountImage("detected", failure: null);
        }
    }
}
