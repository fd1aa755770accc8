using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.LocalHost.Processes;

namespace Nanodet.Serverless.LocalHost.Worker;

/// <summary>The gRPC side of the host: loopback, a free port, HTTP/2 without TLS, messages of any size.</summary>
internal sealed class RpcServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, WorkerSession> _sessions = new();
    private readonly WebApplication _app;

    private RpcServer(ILoggerFactory loggerFactory)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddRouting();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = grpc.MaxSendMessageSize = null);
        builder.Services.AddSingleton(this);
        builder.Services.AddSingleton(loggerFactory);
        builder.Services.AddSingleton<IHostLifetime, DetachedLifetime>();
        _app = builder.Build();
        _app.MapGrpcService<FunctionRpcService>();
    }

    public Uri Address => new(_app.Urls.Single());

    public static async Task<RpcServer> StartAsync(ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        var server = new RpcServer(loggerFactory);
        await server._app.StartAsync(cancellationToken);
        return server;
    }

    public void Expect(WorkerSession session) => _sessions[session.WorkerId] = session;

    public void Forget(WorkerSession session) => _sessions.TryRemove(session.WorkerId, out _);

    public WorkerSession? Find(string workerId) => _sessions.GetValueOrDefault(workerId);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
