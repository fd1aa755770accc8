using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.LocalHost.Engines;
using Nanodet.Serverless.LocalHost.Functions;
using Nanodet.Serverless.LocalHost.Processes;
using Yarp.ReverseProxy.Forwarder;

namespace Nanodet.Serverless.LocalHost.Http;

/// <summary>
/// The public side: the HTTP functions, the extensions' webhooks, and a few answers about the host. It listens before the engines
/// start, because they need its address, and holds requests until they have. Function keys are let through and not asked for.
/// </summary>
internal sealed class HttpFrontEnd : IAsyncDisposable
{
    private const long LongestBody = 100L << 20;

    private static readonly string[] CallableTriggers = ["timerTrigger", "queueTrigger", "blobTrigger"];

    private static readonly string[] AllMethods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

    private readonly TaskCompletionSource<EngineHost> engines = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebApplication app;
    private readonly ILogger logger;

    private HttpFrontEnd(IReadOnlyList<FunctionDefinition> functions, HostStatus status, int port, ILoggerFactory loggerFactory)
    {
        logger = loggerFactory.CreateLogger<HttpFrontEnd>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestBodySize = LongestBody;
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddRouting();
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton(loggerFactory);
        builder.Services.AddSingleton<IHostLifetime, DetachedLifetime>();
        app = builder.Build();
        Forwarder = new HttpInvocationForwarder(app.Services.GetRequiredService<IHttpForwarder>());

        foreach (var function in functions.Where(function => function is { Route: not null, IsDisabled: false }))
        {
            var some = function.Trigger.List("methods");
            var methods = some.Count > 0 ? some.Select(method => method.ToUpperInvariant()) : AllMethods;
            app.MapMethods(function.Route!, methods, context => InvokeAsync(function, context));
        }

        status.Map(app, () => engines.Task.IsCompletedSuccessfully);
        app.MapPost("/admin/functions/{name}", (string name, ManualCall? call, CancellationToken cancellationToken) =>
            RunNowAsync(functions, name, call?.Input ?? string.Empty, cancellationToken));
        app.Map(WebHooks.Path + "/{extension}/{**rest}", HandleWebHookAsync);
    }

    /// <summary>Where it listens, once it has started.</summary>
    public Uri Address => field ??= new Uri(app.Urls.Single());

    public HttpInvocationForwarder Forwarder { get; }

    public WebHooks WebHooks => field ??= new WebHooks(Address);

    public static async Task<HttpFrontEnd> StartAsync(
        IReadOnlyList<FunctionDefinition> functions,
        HostStatus status,
        int port,
        ILoggerFactory loggerFactory,
        CancellationToken cancellationToken)
    {
        var frontEnd = new HttpFrontEnd(functions, status, port, loggerFactory);
        try
        {
            await frontEnd.app.StartAsync(cancellationToken);
            return frontEnd;
        }
        catch (IOException e)
        {
            await frontEnd.DisposeAsync();
            throw new FunctionHostException("invalid_options", $"Port {port} cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Lets the requests in.</summary>
    public void Open(EngineHost started) => engines.TrySetResult(started);

    public Task StopAsync(CancellationToken cancellationToken) => app.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        engines.TrySetCanceled();
        await app.DisposeAsync();
        Forwarder.Dispose();
    }

    private async Task HandleWebHookAsync(HttpContext context)
    {
        await engines.Task.WaitAsync(context.RequestAborted);
        await WebHooks.HandleAsync(context);
    }

    /// <summary>Runs a function as its trigger would, and does not wait for its end; the engine logs how it ended.</summary>
    private async Task<IResult> RunNowAsync(
        IReadOnlyList<FunctionDefinition> functions, string name, string input, CancellationToken cancellationToken)
    {
        var function = functions.FirstOrDefault(function => string.Equals(function.Name, name, StringComparison.OrdinalIgnoreCase));
        if (function is null)
        {
            return Results.NotFound();
        }

        if (!Array.Exists(CallableTriggers, function.Trigger.Is))
        {
            return Results.BadRequest(
                $"'{function.Name}' has a {function.Trigger.Type}; only {string.Join(", ", CallableTriggers)} can be called.");
        }

        var running = await engines.Task.WaitAsync(cancellationToken);
        _ = running.CallAsync(function, input, CancellationToken.None).ContinueWith(call => _ = call.Exception, TaskScheduler.Default);
        return Results.Accepted();
    }

    private async Task InvokeAsync(FunctionDefinition function, HttpContext context)
    {
        try
        {
            var running = await engines.Task.WaitAsync(context.RequestAborted);
            await running.CallAsync(function, context, context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        catch (Exception e)
        {
            Log.HttpFunctionFailed(logger, function.Name, e.GetBaseException());
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            }
        }
    }
}
