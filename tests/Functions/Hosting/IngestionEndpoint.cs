using System.Collections.Concurrent;
using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.Functions.Tests.Hosting;

/// <summary>A stand-in for the endpoint that Azure Monitor's exporter sends to: it takes everything and keeps it.</summary>
internal sealed class IngestionEndpoint : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _bodies = new();
    private readonly WebApplication _server;

    private IngestionEndpoint()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.Run(ReceiveAsync);
    }

    /// <summary>What was sent, as text.</summary>
    public string Received => string.Join('\n', _bodies);

    public string Address => _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<IngestionEndpoint> StartAsync()
    {
        var endpoint = new IngestionEndpoint();
        await endpoint._server.StartAsync(TestContext.Current.CancellationToken);
        return endpoint;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        var isZipped = context.Request.Headers.ContentEncoding == "gzip";
        await using var body = isZipped ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        using var reader = new StreamReader(body);
        var text = await reader.ReadToEndAsync(context.RequestAborted);
        _bodies.Enqueue(text);
        var items = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(
            $$"""{ "itemsReceived": {{items}}, "itemsAccepted": {{items}}, "errors": [] }""", context.RequestAborted);
    }
}
