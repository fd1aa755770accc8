using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.LocalHost.Azurite;
using Yarp.ReverseProxy.Forwarder;

namespace Nanodet.Serverless.Chaos.Tests.Faults;

/// <summary>
/// Stands between the app and Azurite. It has two addresses for each service: requests to one meet faults, those to the other do not. Both
/// stay the same when Azurite is started again elsewhere.
/// </summary>
/// <remarks>Paths and headers are passed on as they came, because a shared key signs them.</remarks>
internal sealed class FaultProxy : IAsyncDisposable
{
    private const int Services = 3;

    private static readonly TimeSpan Unanswered = TimeSpan.FromSeconds(30);

    private static readonly ForwarderRequestConfig Config = new()
    {
        ActivityTimeout = TimeSpan.FromMinutes(5),
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private readonly WebApplication _server;
    private readonly IHttpForwarder _forwarder;
    private readonly ConcurrentDictionary<FaultKind, long> _met = new();
    private readonly Dictionary<int, (int Service, bool IsCalm)> _ports = [];
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
    });

    private Uri[] _addresses = [];
    private volatile string[] _targets;
    private volatile FaultRules? _rules;
    private volatile TaskCompletionSource? _held;
    private volatile CancellationTokenSource _outage = new();
    private long _underWay;

    private FaultProxy(AzuriteServer azurite)
    {
        _targets = TargetsOf(azurite);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            (kestrel.Limits.MaxRequestBodySize, kestrel.Limits.MinRequestBodyDataRate) = (null, null);
            for (var i = 0; i < 2 * Services; i++)
            {
                kestrel.Listen(IPAddress.Loopback, 0);
            }
        });
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _forwarder = _server.Services.GetRequiredService<IHttpForwarder>();
        _server.Run(HandleAsync);
    }

    /// <summary>What the app uses: requests meet faults.</summary>
    public string ConnectionString => ConnectionStringOf(0);

    /// <summary>What a test uses: requests meet no faults, and wait while storage is away.</summary>
    public string CalmConnectionString => ConnectionStringOf(Services);

    /// <summary>How many requests met each fault.</summary>
    public IReadOnlyDictionary<FaultKind, long> Met => _met;

    /// <summary>How many requests met a fault.</summary>
    public long Faults => _met.Where(met => met.Key != FaultKind.None).Sum(met => met.Value);

    /// <summary>
    /// Is told the path of each GET before it is answered. One of which this says true is never answered: its connection stays until the
    /// client ends it.
    /// </summary>
    public Func<string, Task<bool>>? Downloading { get; set; }

    public static async Task<FaultProxy> StartAsync(AzuriteServer azurite)
    {
        var proxy = new FaultProxy(azurite);
        await proxy._server.StartAsync();
        proxy._addresses = [.. proxy._server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => new Uri(address))];
        for (var i = 0; i < proxy._addresses.Length; i++)
        {
            proxy._ports[proxy._addresses[i].Port] = (i % Services, i >= Services);
        }

        return proxy;
    }

    /// <summary>Faults from now on; null ends them.</summary>
    public void Inject(FaultRules? rules) => _rules = rules;

    /// <summary>Lets new requests wait, and returns when those under way are answered.</summary>
    public async Task HoldAsync(CancellationToken cancellationToken)
    {
        _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (Interlocked.Read(ref _underWay) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>
    /// Storage is gone: the app's waiting requests lose their connection, and so do new ones, until <see cref="Release"/>.
    /// </summary>
    public Task BreakAsync() => _outage.CancelAsync();

    /// <summary>Storage is back, maybe elsewhere.</summary>
    public void Release(AzuriteServer azurite)
    {
        _targets = TargetsOf(azurite);
        _outage = new CancellationTokenSource();
        var held = _held;
        _held = null;
        held?.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        _held?.TrySetResult();
        await _server.DisposeAsync();
        _client.Dispose();
    }

    private static string[] TargetsOf(AzuriteServer azurite) => Array.ConvertAll(
        new[] { azurite.BlobEndpoint, azurite.QueueEndpoint, azurite.TableEndpoint }, uri => uri.GetLeftPart(UriPartial.Authority));

    private string ConnectionStringOf(int first) => AzuriteAccount.ConnectionString(
        new Uri(_addresses[first], AzuriteAccount.Name),
        new Uri(_addresses[first + 1], AzuriteAccount.Name),
        new Uri(_addresses[first + 2], AzuriteAccount.Name));

    private async Task HandleAsync(HttpContext context)
    {
        var (service, isCalm) = _ports[context.Connection.LocalPort];
        var rules = isCalm ? null : _rules;
        var (kind, delay) = rules?.Next() ?? (FaultKind.None, TimeSpan.Zero);
        if (kind is FaultKind.TimedOutAfter or FaultKind.ResetAfter && rules is { LosesReceived: false } && IsReceive(context.Request))
        {
            kind = FaultKind.Busy;
        }

        _met.AddOrUpdate(kind, 1, (_, count) => count + 1);
        if (kind == FaultKind.Delay)
        {
            await Task.Delay(delay, TimeProvider.System, context.RequestAborted);
        }

        if (!await EnterAsync(context, isCalm))
        {
            return;
        }

        try
        {
            switch (kind)
            {
                case FaultKind.Busy:
                    await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "ServerBusy");
                    break;
                case FaultKind.TimedOut:
                    await RefuseAsync(context, StatusCodes.Status500InternalServerError, "OperationTimedOut");
                    break;
                case FaultKind.ResetBefore:
                    context.Abort();
                    break;
                default:
                    await ForwardAsync(context, _targets[service], kind);
                    break;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private static bool IsReceive(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Path.Value?.EndsWith("/messages", StringComparison.Ordinal) is true
        && !request.Query.ContainsKey("peekonly");

    /// <summary>Waits until storage is there; the app's requests lose their connection while it is gone.</summary>
    private async Task<bool> EnterAsync(HttpContext context, bool isCalm)
    {
        while (true)
        {
            Interlocked.Increment(ref _underWay);
            if (_held is not { } held)
            {
                return true;
            }

            Interlocked.Decrement(ref _underWay);
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(
                    context.RequestAborted, isCalm ? CancellationToken.None : _outage.Token);
                await held.Task.WaitAsync(either.Token);
            }
            catch (OperationCanceledException)
            {
                context.Abort();
                return false;
            }
        }
    }

    private async Task ForwardAsync(HttpContext context, string target, FaultKind kind)
    {
        if (Downloading is { } told && HttpMethods.IsGet(context.Request.Method) && await told(context.Request.Path))
        {
            // The client's death ends the wait; one that lives on meets a storage that does not answer.
            await Task.Delay(Unanswered, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            context.Abort();
            return;
        }

        var error = await _forwarder.SendAsync(context, target, _client, Config, new FaultTransformer(target, kind));
        if (error != ForwarderError.None)
        {
            context.Abort();
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        return FaultTransformer.WriteErrorAsync(context, code);
    }

    /// <summary>A signal ends the process, and not only its proxy, without which everything else would wait.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
