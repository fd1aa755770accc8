using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Functions.Roles;
using Nanodet.Serverless.Pipeline.Telemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Nanodet.Serverless.Functions.Tests.Hosting;

/// <summary>The real exporter, against a stand-in for its endpoint.</summary>
public sealed class AzureMonitorExportTests
{
    [Fact]
    public async Task Export_SpanAndMeasurement_ArriveAsTheWorkbookReadsThem()
    {
        await using var endpoint = await IngestionEndpoint.StartAsync();
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
            [
                new(AppTelemetry.ConnectionSetting, $"InstrumentationKey={Guid.NewGuid()};IngestionEndpoint={endpoint.Address}/"),
            ])
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddLogging(logging => logging.ClearProviders());
        services.AddNanodetTelemetry(configuration, AppRole.Worker);
        await using var provider = services.BuildServiceProvider();
        foreach (var hosted in provider.GetServices<IHostedService>())
        {
            // The exporter joins when the app starts.
            await hosted.StartAsync(TestContext.Current.CancellationToken);
        }

        var traces = provider.GetRequiredService<TracerProvider>();
        var metrics = provider.GetRequiredService<MeterProvider>();
        using var source = new ActivitySource(PipelineTelemetry.Name);
        using var meter = new Meter(PipelineTelemetry.Name);

        string traceId;
        using (var activity = source.StartActivity("nanodet.batch.detect", ActivityKind.Consumer))
        {
            traceId = activity!.TraceId.ToHexString();
            meter.CreateCounter<long>("nanodet.image.count").Add(3, new KeyValuePair<string, object?>("status", "detected"));
        }

        Assert.True(traces.ForceFlush());
        Assert.True(metrics.ForceFlush());
        var items = endpoint.Received.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray();

        var request = Assert.Single(items, item => Text(item, "data", "baseData", "name") == "nanodet.batch.detect");
        Assert.Equal(traceId, Text(request, "tags", "ai.operation.id"));
        var metric = Assert.Single(
            items.Where(item => Text(item, "data", "baseType") == "MetricData").Select(item => item.GetProperty("data").GetProperty("baseData")),
            data => Text(data.GetProperty("metrics")[0], "name") == "nanodet.image.count");
        Assert.Equal(3, metric.GetProperty("metrics")[0].GetProperty("value").GetDouble());
        Assert.Equal("detected", Text(metric, "properties", "status"));
    }

    private static string? Text(JsonElement item, params string[] path)
    {
        foreach (var name in path)
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(name, out item))
            {
                return null;
            }
        }

        return item.GetString();
    }
}
