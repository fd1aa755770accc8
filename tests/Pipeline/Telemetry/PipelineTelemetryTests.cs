using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Nanodet.Detection.Gpu;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Workers;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Telemetry;

/// <summary>The instruments against docs/telemetry.md.</summary>
public sealed partial class PipelineTelemetryTests(AzuriteFixture fixture)
{
    private static readonly string[] Gpus = ["nanodet.gpu.memory_limit", "nanodet.gpu.memory_usage", "nanodet.gpu.utilization"];
    private static readonly IReadOnlyList<string[]> Documented =
        DocumentTable.Read(Path.Combine(AppContext.BaseDirectory, "docs", "telemetry.md"), "instruments");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Instruments_OfTheCode_AreThoseOfTheDocumentation()
    {
        using var recorder = new InstrumentRecorder();
        using var gpus = new GpuInstruments(new FakeGpuDriver());

        Assert.Equal(
            Documented.Select(row => $"{row[0]} {row[1]} {row[2]}").Order(),
            recorder.Instruments.Values.Select(instrument => $"{instrument.Name} {Kind(instrument)} {instrument.Unit}").Order());
        Assert.All(recorder.Instruments.Values, instrument => Assert.False(string.IsNullOrEmpty(instrument.Description), instrument.Name));
        Assert.All(recorder.Instruments.Keys, name => Assert.Matches("^nanodet\\.[a-z]+\\.[a-z_]+$", name));
    }

    [Fact]
    public async Task Measurements_OfEveryInstrument_HaveTheDocumentedTags()
    {
        using var recorder = new InstrumentRecorder();
        using var gpus = new GpuInstruments(new FakeGpuDriver());
        await using var app = await TestApp.CreateReadyAsync(
            fixture, new Dictionary<string, string?> { ["Nanodet:Model:PollInterval"] = "00:00:00.100" });
        var good = await app.UploadAsync("a.png");
        var batch = await app.ListAsync(good, await app.UploadAsync("b.png", [1]));
        await app.Get<MessageQueues>().SendBatchAsync(new BatchMessage { Batch = batch }, Token);
        var queue = app.Clients.Queues.GetQueueClient($"{app.Prefix}-batches");
        var message = (await queue.ReceiveMessageAsync(cancellationToken: Token)).Value;
        var detected = await app.Get<BatchProcessor>().ProcessAsync(
            MessageReader.ReadBatch(message.Body.ToMemory()), message.DequeueCount, Token);
        await app.WriteAsync(batch, detected!);
        await app.PublishAsync(TestModel.Build(new OnnxTestModel { Gain = 27 }), "v2");
        await Poll.UntilAsync(() => app.Model.Status.Loads == 2, $"swapped, but: {app.Model.Status}", Token);
        using (var lease = await app.Model.WaitAsync(TimeSpan.Zero, Token))
        {
            app.Model.ReportLost(lease!.Loaded, new InvalidOperationException("the GPU is gone"));
        }

        recorder.Observe();
        foreach (var row in Documented)
        {
            var tag = TagPattern().Match(row[3]);
            Assert.True(
                recorder.Tags.ContainsKey((row[0], tag.Groups["name"].Value)), $"{row[0]} did not measure with tag '{tag.Groups["name"].Value}'");
            Assert.DoesNotContain(recorder.Tags.Keys, key => key.Instrument == row[0] && key.Tag != tag.Groups["name"].Value);

            // Where the document lists every value, no other one is measured.
            if (tag.Groups["values"].Value is var values && ListPattern().IsMatch(values))
            {
                Assert.Subset(values.Split(", ").ToHashSet(), recorder.Tags[(row[0], tag.Groups["name"].Value)].ToHashSet());
            }
        }

        Assert.InRange(recorder.Last["nanodet.batch.fill"], 0.1, 1);
        Assert.InRange(recorder.Last["nanodet.queue.wait"], 0, 600);
        Assert.InRange(recorder.Last["nanodet.startup.duration"], 0.001, 7200);
    }

    [Fact]
    public void Gpu_ThatSaysNothingOfItsUse_HasNoUtilization()
    {
        using var recorder = new InstrumentRecorder();
        using var gpus = new GpuInstruments(new FakeGpuDriver(new GpuReading(0, "Tesla T4", 3, 16, Utilization: null)));

        recorder.Observe();

        Assert.Equal(Gpus[..2], Gpus.Where(name => recorder.Tags.ContainsKey((name, "gpu"))));
        Assert.Equal((3, 16), (recorder.Last["nanodet.gpu.memory_usage"], recorder.Last["nanodet.gpu.memory_limit"]));
    }

    [Fact]
    public void Gpu_Disposed_IsNotReported()
    {
        using var recorder = new InstrumentRecorder();
        new GpuInstruments(new FakeGpuDriver()).Dispose();

        recorder.Observe();

        Assert.DoesNotContain(recorder.Tags.Keys, key => Gpus.Contains(key.Instrument));
    }

    private static string Kind(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "ObservableUpDownCounter" => "updowncounter",
        "ObservableGauge" => "gauge",
        var name => name.ToLowerInvariant(),
    };

    [GeneratedRegex("^[a-z_]+(, [a-z_]+)+$")]
    private static partial Regex ListPattern();

    [GeneratedRegex("^(?<name>[a-z]+)`: (?<values>.*)$")]
    private static partial Regex TagPattern();
}
