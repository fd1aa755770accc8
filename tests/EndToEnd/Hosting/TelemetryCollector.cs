using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>An OTLP endpoint (HTTP, protobuf) that keeps what the processes of the app export in memory.</summary>
internal sealed class TelemetryCollector : IAsyncDisposable
{
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private readonly ConcurrentDictionary<string, byte> _metrics = new();
    private readonly WebApplication _server;

    private TelemetryCollector()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.UseRouting();
        _server.MapPost("/v1/traces", request => ReceiveAsync(request, Add));
        _server.MapPost("/v1/metrics", request => ReceiveAsync(request, body =>
        {
            foreach (var name in OtlpReader.ReadMetricNames(body))
            {
                _metrics.TryAdd(name, 0);
            }
        }));
        _server.MapPost("/v1/logs", request => ReceiveAsync(request, _ => { }));
    }

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    public ICollection<string> Metrics => _metrics.Keys;

    /// <summary>Settings that make the app export there, and soon.</summary>
    public (string Name, string Value)[] Settings =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", Address),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_BSP_SCHEDULE_DELAY", "200"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
    ];

    private string Address =>
        _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<TelemetryCollector> StartAsync()
    {
        var collector = new TelemetryCollector();
        await collector._server.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private void Add(byte[] body)
    {
        foreach (var span in OtlpReader.ReadSpans(body))
        {
            _spans.Enqueue(span);
        }
    }

    private static async Task ReceiveAsync(HttpContext context, Action<byte[]> read)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        read(body.ToArray());
        context.Response.ContentType = "application/x-protobuf";
    }
}
