using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>What the processes of the app export: real exporters, an endpoint that keeps everything in memory.</summary>
public sealed class TraceTests
{
    /// <summary>A container of images that no trigger polls.</summary>
    private const string Unwatched = "more";
    private const string FirstTrace = "0af7651916cd43dd8448eb211c80319c";
    private const string SecondTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

    /// <summary>The way of an image, and which role takes which step.</summary>
    private static readonly (string Role, string Name)[] Way =
    [
        ("coordinator", "nanodet.image.queue"),
        ("coordinator", "nanodet.batch.start"),
        ("coordinator", "nanodet.batch.queue"),
        ("worker", "nanodet.batch.detect"),
        ("worker", "nanodet.batch.infer"),
        ("worker", "nanodet.image.detect"),
        ("coordinator", "nanodet.batch.write"),
        ("coordinator", "nanodet.image.write"),
    ];

    [Fact]
    public async Task Upload_TwoRoles_OneTraceFromUploadToRecordAndEachImageKeepsItsOwn()
    {
        var engine = new ConcurrentQueue<(string Name, string TraceId)>();
        using var listener = new ActivityListener
        {
            // The host runs in this process; in Azure it exports these itself.
            ShouldListenTo = source => source.Name == "DurableTask.Core",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => engine.Enqueue((activity.OperationName, activity.TraceId.ToHexString())),
        };
        ActivitySource.AddActivityListener(listener);
        await using var collector = await TelemetryCollector.StartAsync();
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        (string, string) more = ("Nanodet__Storage__MoreImages__0", Unwatched);
        await deployment.StartAsync(
            "coordinator",
            [
                .. collector.Settings,
                more,
                ("Nanodet__Grouping__BatchSize", "2"),
                ("Nanodet__Grouping__MaxDelay", "00:00:03"),
            ]);
        var worker = await deployment.StartAsync("worker", [.. collector.Settings, more]);
        await worker.IsReadyAsync();

        var images = SampleImages.Good(3).ToArray();
        await deployment.Images.UploadAsync(images[..1]);
        await deployment.RecordsAsync(1);
        var way = Way.Select(step => step.Name).Order().ToArray();
        var trace = await Eventually.GetAsync(
            () => Task.FromResult(collector.Spans.GroupBy(span => span.TraceId).SingleOrDefault(group => IsWhole(group)) as IEnumerable<ReceivedSpan>),
            () => $"one trace has {string.Join(", ", way)}; found {Describe(collector)}",
            30);
        Assert.Equal(Way.Order(), trace.Where(IsOurs).Select(span => (span.Role, span.Name)).Order());

        // Every span of ours but the first hangs on another one of the trace: upload, queue, orchestration, inference, write.
        var ids = trace.Select(span => span.SpanId).ToHashSet();
        Assert.All(trace.Where(span => IsOurs(span) && span.Name != "nanodet.image.queue"), span => Assert.Contains(span.ParentId, ids));

        // The durable engine's own spans belong to it, too.
        var traceId = trace.First().TraceId;
        foreach (var name in (string[])["orchestration:DetectBatch", "activity:QueueBatch", "activity:WriteDetections"])
        {
            await Eventually.TrueAsync(
                () => Task.FromResult(engine.Contains((name, traceId))),
                () => $"trace {traceId} has {name}; the engine has {string.Join(", ", engine)}",
                30);
        }

        // Two events of two traces that go into one batch: each image keeps its own, and the batch's links to both.
        await deployment.Blobs.GetBlobContainerClient(Unwatched).UploadAsync(images[1..]);
        await SendAsync(deployment, images[1..], FirstTrace, SecondTrace);
        await deployment.RecordsAsync(3);
        string[] ofAnImage = ["nanodet.image.detect", "nanodet.image.queue", "nanodet.image.write"];
        foreach (var own in new[] { FirstTrace, SecondTrace })
        {
            await Eventually.TrueAsync(
                () => Task.FromResult(NamesOf(collector, own).SequenceEqual(ofAnImage)),
                () => $"trace {own} has {string.Join(", ", ofAnImage)} alone; found {Describe(collector)}",
                30);
        }

        var joined = collector.Spans.Single(span => span.Name == "nanodet.batch.start" && span.Links.Count > 0);
        Assert.Equal([FirstTrace, SecondTrace], joined.Links.Order());
        await Eventually.TrueAsync(
            () => Task.FromResult(NamesOf(collector, joined.TraceId).Contains("nanodet.batch.write")),
            () => $"the batch has a trace; found {Describe(collector)}",
            30);
        Assert.Equal(
            ["nanodet.batch.detect", "nanodet.batch.infer", "nanodet.batch.queue", "nanodet.batch.start", "nanodet.batch.write"],
            NamesOf(collector, joined.TraceId));
        await deployment.QueuesAreEmptyAsync();
        Assert.Superset(
            new HashSet<string>
            {
                "nanodet.image.count", "nanodet.queue.wait", "nanodet.batch.fill", "nanodet.stage.duration", "nanodet.startup.duration",
                "nanodet.write.duration",
            },
            collector.Metrics.ToHashSet());
    }

    private static async Task SendAsync(Deployment deployment, (string Name, byte[] Bytes)[] images, params string[] traces) =>
        await deployment.Queues.GetQueueClient("events").SendMessageAsync(
            JsonSerializer.Serialize(images.Zip(traces, (image, trace) => new
            {
                container = Unwatched,
                name = image.Name,
                traceparent = $"00-{trace}-b7ad6b7169203331-01",
            })),
            App.Cancellation);

    private static string[] NamesOf(TelemetryCollector collector, string traceId) =>
        [.. collector.Spans.Where(span => span.TraceId == traceId && IsOurs(span)).Select(span => span.Name).Order(StringComparer.Ordinal)];

    private static bool IsOurs(ReceivedSpan span) => span.Name.StartsWith("nanodet.", StringComparison.Ordinal);

    private static bool IsWhole(IEnumerable<ReceivedSpan> trace) => !Way.Except(trace.Select(span => (span.Role, span.Name))).Any();

    private static string Describe(TelemetryCollector collector) => string.Join(
        "\n", collector.Spans.Select(span => $"{span.TraceId} {span.SpanId}<{span.ParentId} {span.Role} {span.Name} {string.Join(",", span.Links)}"));
}
