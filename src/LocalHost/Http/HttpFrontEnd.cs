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
/// start, because they need its address, and holds requests until they have. Who is not of this machine is not let in; a key is asked for
/// where the options have one.
/// </summary>
internal sealed class HttpFrontEnd : IAsyncDisposable
{
    /// <summary>The longest body that is taken, in bytes.</summary>
    internal const long LongestBody = 100L << 20;

    /// <summary>
    /// The longest request line that the server reads, in bytes. What is longer than a target may be gets problem details; beyond this, the
    /// server itself closes the connection.
    /// </summary>
    internal const int LongestRequestLine = 64 << 10;

    private static readonly string[] CallableTriggers = ["timerTrigger", "queueTrigger", "blobTrigger"];

    private static readonly string[] AllMethods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

    private volatile TaskCompletionSource<EngineHost> _engines = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebApplication _app;
    private readonly ILogger _logger;

    private HttpFrontEnd(
        IReadOnlyList<FunctionDefinition> functions, HostStatus status, FunctionHostOptions options, ILoggerFactory loggerFactory)
    {
        _logger = loggerFactory.CreateLogger<HttpFrontEnd>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port);
            kestrel.Limits.MaxRequestBodySize = LongestBody;
            kestrel.Limits.MaxRequestLineSize = LongestRequestLine;
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddRouting();
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton(loggerFactory);
        builder.Services.AddSingleton<IHostLifetime, DetachedLifetime>();
        _app = builder.Build();
        Forwarder = new HttpInvocationForwarder(_app.Services.GetRequiredService<IHttpForwarder>());
        var callers = new CallerCheck(options.AllowedHosts);
        var keys = new KeyCheck(options.Key);
        _app.Use(next => context => ProblemAnswers.InvokeAsync(context, next));
        _app.Use(next => context => callers.InvokeAsync(context, next));
        _app.Use(next => context => keys.InvokeAsync(context, next));

        foreach (var function in functions.Where(function => function is { Route: not null, IsDisabled: false }))
        {
            var some = function.Trigger.List("methods");
            var methods = some.Count > 0 ? some.Select(method => method.ToUpperInvariant()) : AllMethods;
            var endpoint = _app.MapMethods(function.Route!, methods, context => InvokeAsync(function, context));
            if (!string.Equals(function.Trigger.Value("authLevel"), "anonymous", StringComparison.OrdinalIgnoreCase))
            {
                KeyCheck.Protect(endpoint);
            }
        }

        status.Map(_app, () => _engines.Task.IsCompletedSuccessfully);
        KeyCheck.Protect(_app.MapPost("/admin/functions/{name}", (string name, ManualCall? call, CancellationToken cancellationToken) =>
            RunNowAsync(functions, name, call?.Input ?? string.Empty, cancellationToken)));
        KeyCheck.Protect(_app.Map(
            WebHooks.Path + "/{extension}/{**rest}", context => HandleWebHookAsync(context, options.DurableWebHooks)));
    }

    /// <summary>Where it listens, once it has started.</summary>
    public Uri Address => field ??= new Uri(_app.Urls.Single());

    public HttpInvocationForwarder Forwarder { get; }

    public WebHooks WebHooks => field ??= new WebHooks(Address);

    public static async Task<HttpFrontEnd> StartAsync(
        IReadOnlyList<FunctionDefinition> functions,
        HostStatus status,
        FunctionHostOptions options,
        ILoggerFactory loggerFactory,
        CancellationToken cancellationToken)
    {
        var frontEnd = new HttpFrontEnd(functions, status, options, loggerFactory);
        try
        {
            await frontEnd._app.StartAsync(cancellationToken);
            return frontEnd;
        }
        catch (IOException exception)
        {
            await frontEnd.DisposeAsync();
            throw new FunctionHostException("invalid_options", $"Port {options.Port} cannot be opened: {exception.Message}", exception);
        }
    }

    /// <summary>Lets the requests in; with null they wait for the next engines.</summary>
    public void Use(EngineHost? engines)
    {
        if (engines is not null)
        {
            _engines.TrySetResult(engines);
        }
        else if (_engines.Task.IsCompleted)
        {
            _engines = new TaskCompletionSource<EngineHost>(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _app.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _engines.TrySetCanceled();
        await _app.DisposeAsync();
        Forwarder.Dispose();
    }

    private async Task HandleWebHookAsync(HttpContext context, bool withDurable)
    {
        if (!withDurable && WebHooks.IsDurable(context))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await _engines.Task.WaitAsync(context.RequestAborted);
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
            return ProblemAnswers.Result(
                StatusCodes.Status400BadRequest,
                "request_invalid",
                $"'{function.Name}' has a {function.Trigger.Type}; only {string.Join(", ", CallableTriggers)} can be called.");
        }

        var running = await _engines.Task.WaitAsync(cancellationToken);
        _ = running.CallAsync(function, input, CancellationToken.None).ContinueWith(call => _ = call.Exception, TaskScheduler.Default);
        return Results.Accepted();
    }

    private async Task InvokeAsync(FunctionDefinition function, HttpContext context)
    {
        try
        {
            var running = await _engines.Task.WaitAsync(context.RequestAborted);
            await running.CallAsync(function, context, context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        catch (Exception exception)
        {
            Log.HttpFunctionFailed(_logger, function.Name, exception.GetBaseException());
            if (!context.Response.HasStarted)
            {
                // A body that the server gave up is its sender's fault.
                context.Response.StatusCode = FindRefusal(exception)?.StatusCode ?? StatusCodes.Status500InternalServerError;
            }
        }
    }

    /// <summary>What the server did not like about a request, wherever it stands: it may have failed on its way in and out alike.</summary>
    private static BadHttpRequestException? FindRefusal(Exception? exception) => exception switch
    {
        null => null,
        BadHttpRequestException refusal => refusal,
        AggregateException several => several.InnerExceptions.Select(FindRefusal).FirstOrDefault(refusal => refusal is not null),
        _ => FindRefusal(exception.InnerException),
    };
}
