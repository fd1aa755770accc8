using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Integration.Tests.Telemetry;

public sealed class PipelineTelemetryTests(AzuriteFixture fixture)
{
    [Fact]
    public async Task Run_Batch_IsMeasuredWithFewTagsAndLinksItsImages()
    {
        var measured = new ConcurrentDictionary<string, string[]>();
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == PipelineTelemetry.Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        {
            var keys = new string[tags.Length];
            for (var i = 0; i < keys.Length; i++)
            {
                keys[i] = tags[i].Key;
            }

            measured[instrument.Name] = keys;
        }

        meters.SetMeasurementEventCallback<long>(Note);
        meters.SetMeasurementEventCallback<int>(Note);
        meters.SetMeasurementEventCallback<double>(Note);
        meters.Start();
        var links = new ConcurrentBag<string>();
        using var activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == PipelineTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => activity.Links.ToList().ForEach(link => links.Add(link.Context.TraceId.ToHexString())),
        };
        ActivitySource.AddActivityListener(activities);

        await using var app = await TestApp.CreateReadyAsync(fixture);
        const string Trace = "0af7651916cd43dd8448eb211c80319c";
        var image = await app.UploadAsync("a.png") with { Traceparent = $"00-{Trace}-b7ad6b7169203331-01" };
        await app.RunAsync(image, await app.UploadAsync("b.png", [1]));

        Assert.Contains(Trace, links);
        Assert.All(measured.Keys, name => Assert.Matches("^nanodet\\.[a-z]+\\.[a-z_]+$", name));
        Assert.All(measured.Values, tags => Assert.InRange(tags.Length, 0, 1));
        Assert.Superset(
            new HashSet<string>
            {
                "nanodet.image.count", "nanodet.image.failures", "nanodet.image.bytes", "nanodet.batch.duration", "nanodet.batch.size",
                "nanodet.write.duration", "nanodet.model.loads", "nanodet.model.load_duration",
            },
            measured.Keys.ToHashSet());
    }
}
