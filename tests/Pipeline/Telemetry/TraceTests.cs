using System.Diagnostics;
using System.Text.Json;
using Nanodet.Serverless.Pipeline.Grouping;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Telemetry;
using Nanodet.Serverless.Pipeline.Workers;
using Nanodet.Serverless.TestKit;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Nanodet.Serverless.Pipeline.Tests.Telemetry;

/// <summary>The way of an image under OpenTelemetry's in-memory exporter, each step as in a process of its own.</summary>
public sealed class TraceTests(AzuriteFixture fixture)
{
    private static readonly ActivitySource Caller = new("Nanodet.Serverless.Integration.Tests.Caller");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Image_AloneInItsBatch_HasOneTraceFromUploadToRecord()
    {
        var spans = new List<Activity>();
        using var provider = Export(spans);
        await using var app = await TestApp.CreateReadyAsync(fixture);
        string trace;
        using (var upload = Caller.StartActivity("upload"))
        {
            trace = upload!.TraceId.ToHexString();
            await app.Get<MessageQueues>().SendImageAsync(await app.UploadAsync("a.png"), Token);
        }

        await RunAsync(app, await GroupAsync(app, 1));
        await app.Get<JobStore>().CreateAsync(new JobRequest(), jobId: null, Token);
        provider.Dispose();

        var found = Of(spans, trace);
        Assert.Equal(
            [
                "nanodet.batch.detect", "nanodet.batch.infer", "nanodet.batch.queue", "nanodet.batch.start", "nanodet.batch.write",
                "nanodet.image.detect", "nanodet.image.queue", "nanodet.image.write", "upload",
            ],
            found.Select(span => span.OperationName).Order(StringComparer.Ordinal));

        // A tree: each hangs on another one of them, whatever process it was in.
        var ids = found.Select(span => span.SpanId).ToHashSet();
        Assert.All(found.Where(span => span.OperationName != "upload"), span => Assert.Contains(span.ParentSpanId, ids));
        Assert.Equal("detected", Single(found, "nanodet.image.detect").GetTagItem("nanodet.image.status"));

        // Nothing is started but what the documentation lists, and with the job's and the model's that is all of it.
        var documented = DocumentTable.Read(Path.Combine(AppContext.BaseDirectory, "docs", "telemetry.md"), "spans");
        Assert.Equal(
            documented.Select(row => $"{row[0]} {row[1]}").Order(StringComparer.Ordinal),
            spans.Where(span => span.Source.Name == PipelineTelemetry.Name)
                .Select(span => $"{span.OperationName} {span.Kind.ToString().ToLowerInvariant()}").Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Images_OfTwoTracesInOneBatch_KeepThemAndTheBatchLinksToBoth()
    {
        var spans = new List<Activity>();
        using var provider = Export(spans);
        await using var app = await TestApp.CreateReadyAsync(fixture, new Dictionary<string, string?>
        {
            ["Nanodet:Grouping:BatchSize"] = "2",
            ["Nanodet:Grouping:MaxDelay"] = "00:01:00",
        });
        string[] traces = ["0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"];
        foreach (var trace in traces)
        {
            var image = await app.UploadAsync($"{trace}.png") with { Traceparent = $"00-{trace}-b7ad6b7169203331-01" };
            await app.Get<MessageQueues>().SendImageAsync(image, Token);
        }

        await RunAsync(app, await GroupAsync(app, 2));
        provider.Dispose();

        foreach (var trace in traces)
        {
            var own = Of(spans, trace);
            Assert.Equal(
                ["nanodet.image.detect", "nanodet.image.queue", "nanodet.image.write"],
                own.Select(span => span.OperationName).Order(StringComparer.Ordinal));
            Assert.Equal(Single(own, "nanodet.image.detect").SpanId, Single(own, "nanodet.image.write").ParentSpanId);
        }

        var start = spans.Single(span => span.OperationName == "nanodet.batch.start"
            && span.Links.Any(link => link.Context.TraceId.ToHexString() == traces[0]));
        Assert.Equal(default, start.ParentSpanId);
        Assert.Equal(traces, start.Links.Select(link => link.Context.TraceId.ToHexString()).Order());
        var batch = Of(spans, start.TraceId.ToHexString());
        Assert.Equal(traces, Single(batch, "nanodet.batch.detect").Links.Select(link => link.Context.TraceId.ToHexString()).Order());
        Assert.Contains(batch, span => span.OperationName == "nanodet.batch.write");
    }

    [Fact]
    public async Task Job_ItsBatches_GoOnWithTheTraceOfTheRequest()
    {
        var spans = new List<Activity>();
        using var provider = Export(spans);
        await using var app = await TestApp.CreateAsync(fixture);
        using var request = Caller.StartActivity("request");

        var job = await app.Get<JobStore>().CreateAsync(new JobRequest(), jobId: null, Token);
        var page = new JobPage(job.JobId, 0, "list", 3, 0, NextToken: null, "results");

        Assert.All(page.Split(job), batch => Assert.Contains(request!.TraceId.ToHexString(), batch.Traceparent, StringComparison.Ordinal));
        Assert.Equal(job.Traceparent, (await app.Get<JobStore>().FindAsync(job.JobId, Token))!.Traceparent);
    }

    private static TracerProvider Export(List<Activity> spans) => Sdk.CreateTracerProviderBuilder()
        .AddSource(PipelineTelemetry.Name, Caller.Name)
        .AddInMemoryExporter(spans)
        .Build();

    private static Activity[] Of(List<Activity> spans, string trace) =>
        [.. spans.Where(span => span.TraceId.ToHexString() == trace)];

    private static Activity Single(IEnumerable<Activity> spans, string name) => spans.Single(span => span.OperationName == name);

    /// <summary>What ImageQueued does with so many messages of the queue.</summary>
    private static async Task<BatchReference> GroupAsync(TestApp app, int count)
    {
        Activity.Current = null;
        var queue = app.Clients.Queues.GetQueueClient($"{app.Prefix}-images");
        BatchReference? started = null;
        var waiting = new List<Task>();
        for (var i = 0; i < count; i++)
        {
            var message = (await queue.ReceiveMessageAsync(cancellationToken: Token)).Value;
            var image = MessageReader.ReadImage(message.Body.ToMemory());
            waiting.Add(app.Get<ImageGrouper>().AddAsync(image, (batch, _) => Task.FromResult(started = batch), Token));
        }

        await Task.WhenAll(waiting);
        return started!;
    }

    /// <summary>What an orchestration does: its input and its activities' travel as JSON.</summary>
    private static async Task RunAsync(TestApp app, BatchReference batch)
    {
        Activity.Current = null;
        batch = JsonSerializer.Deserialize<BatchReference>(JsonSerializer.Serialize(batch))!;
        await app.Get<MessageQueues>().SendBatchAsync(new BatchMessage { Batch = batch }, Token);
        var queue = app.Clients.Queues.GetQueueClient($"{app.Prefix}-batches");
        var message = (await queue.ReceiveMessageAsync(cancellationToken: Token)).Value;
        var detected = await app.Get<BatchProcessor>().ProcessAsync(
            MessageReader.ReadBatch(message.Body.ToMemory()), message.DequeueCount, Token);
        await app.WriteAsync(batch, detected!);
    }
}
