using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nanodet.Serverless.LocalHost.Engines;
using Nanodet.Serverless.LocalHost.Functions;
using Nanodet.Serverless.LocalHost.Http;
using Nanodet.Serverless.LocalHost.Settings;
using Nanodet.Serverless.LocalHost.Worker;

namespace Nanodet.Serverless.LocalHost.Hosting;

/// <summary>
/// Runs an isolated Azure Functions app on this machine: it starts the app's own worker process and drives it over the Functions
/// RPC protocol, while the official engines (the WebJobs SDK's blob, queue and timer listeners, the Durable extension) do the
/// work. It is a development and test host: what it does not know it refuses by name when it starts.
/// </summary>
/// <remarks>
/// Hosts in one process are independent of each other. The worker dies with the host's process on Linux and macOS, however that
/// ends; on Windows only when the host stops in order, or when the worker watches its host.
/// </remarks>
public sealed class FunctionHost : IAsyncDisposable
{
    // Readers and filters of the log know the host by this name.
    private const string LogCategory = "Nanodet.Serverless.LocalHost.FunctionHost";

    // What is left of the engines after a stop that they did not heed: where their storage is gone they wait for it without an end.
    private static readonly TimeSpan DisposeLimit = TimeSpan.FromSeconds(1);

    private readonly FunctionHostOptions _options;
    private readonly ILoggerFactory _loggerFactory;
    private readonly ILogger _logger;
    private readonly HostSettings _settings;
    private readonly string _hostId;
    private readonly WorkerDescription _description;
    private readonly Lock _gate = new();
    private RpcServer? _rpc;
    private WorkerSupervisor? _worker;
    private HttpFrontEnd? _frontEnd;
    private EngineSupervisor? _engines;
    private Task? _stop;

    private FunctionHost(FunctionHostOptions options, ILoggerFactory loggerFactory)
    {
        _options = options;
        _loggerFactory = loggerFactory;
        _logger = loggerFactory.CreateLogger(LogCategory);
        _description = WorkerDescription.Read(options.AppDirectory);
        _settings = HostSettings.Load(_description.AppDirectory, options);
        _hostId = _settings.HostId(options.HostId, _description.WorkerPath);
    }

    /// <summary>Where the HTTP functions, the webhooks and <c>/admin</c> are.</summary>
    public Uri Address => _frontEnd!.Address;

    /// <summary>The worker's functions, disabled ones too.</summary>
    public IReadOnlyList<FunctionInfo> Functions { get; private set; } = [];

    /// <summary>How many workers have come up so far: 1, and one more for each that was replaced.</summary>
    public int WorkerStarts => _worker!.Starts;

    /// <summary>How often the engines were started again, because a listener had lost storage for good.</summary>
    public int EngineRestarts => _engines!.Restarts;

    /// <summary>Whether a listener has lost storage for good, and the engines do not run again yet.</summary>
    public bool AreEnginesBroken => _engines!.IsBroken;

    /// <summary>The process id of the worker; null while there is none.</summary>
    public int? WorkerProcessId => _worker!.ProcessId;

    /// <summary>
    /// Completes when the host has stopped; fails with a <see cref="FunctionHostException"/> when the worker died too often. The
    /// host then still has to be stopped.
    /// </summary>
    public Task Completion => _worker!.Completion;

    /// <summary>Starts the worker and the engines, and returns when every listener runs.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="loggerFactory">
    /// Where the host, the engines and the worker log; its filters decide how much. The engines are talkative below Warning.
    /// </param>
    /// <param name="cancellationToken">Gives the start up and cleans up after it.</param>
    /// <exception cref="FunctionHostException">The options, the app, or a function's binding are not what this host can run.</exception>
    public static async Task<FunctionHost> StartAsync(
        FunctionHostOptions options, ILoggerFactory? loggerFactory = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var host = new FunctionHost(options, loggerFactory ?? NullLoggerFactory.Instance);
        try
        {
            await host.StartCoreAsync(cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the given number of workers has come up, for example 2 after the first was killed.</summary>
    /// <param name="count">The value of <see cref="WorkerStarts"/> to wait for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WaitForWorkerStartsAsync(int count, CancellationToken cancellationToken = default) =>
        _worker!.WaitForStartsAsync(count, cancellationToken);

    /// <summary>
    /// Stops taking requests, lets running functions finish within <see cref="FunctionHostOptions.ShutdownTimeout"/>, ends the
    /// worker, and kills it after 5 s more. Engines that do not end, because their storage is gone, are left behind after 1 s more: a stop
    /// always comes to its end. Stopping twice is stopping once.
    /// </summary>
    /// <param name="cancellationToken">Shortens the wait for running functions.</param>
    public Task StopAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return _stop ??= StopCoreAsync(cancellationToken);
        }
    }

    /// <inheritdoc cref="StopAsync"/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StartCoreAsync(CancellationToken cancellationToken)
    {
        var began = _options.TimeProvider.GetTimestamp();
        _rpc = await RpcServer.StartAsync(_loggerFactory, cancellationToken);
        _worker = new WorkerSupervisor(_rpc, _description, _settings.WorkerEnvironment, _options, _loggerFactory);
        var session = await _worker.StartAsync(cancellationToken);

        FunctionDefinition[] functions =
            [.. session.Functions.Select(function => FunctionDefinition.Create(function, _settings, session.HttpAddress is not null))];
        Functions = Array.ConvertAll(
            functions, function => new FunctionInfo(function.Name, function.Trigger.Type, function.IsDisabled, function.Route));

        var status = new HostStatus(_hostId, Functions, _worker, _options.TimeProvider);
        _frontEnd = await HttpFrontEnd.StartAsync(functions, status, _options, _loggerFactory, cancellationToken);
        var invoker = new FunctionInvoker(functions, _worker, _frontEnd.Forwarder);
        var frontEnd = _frontEnd;
        _engines = new EngineSupervisor(
            () => EngineHost.Create(functions, invoker, _settings, _hostId, frontEnd.WebHooks, _loggerFactory),
            frontEnd.Use,
            _options,
            _logger);
        await _engines.StartAsync(cancellationToken);

        var elapsed = _options.TimeProvider.GetElapsedTime(began);
        Log.HostReady(_logger, _hostId, Address, elapsed, functions.Length, functions.Count(function => function.IsDisabled));
    }

    private async Task StopCoreAsync(CancellationToken cancellationToken)
    {
        var began = _options.TimeProvider.GetTimestamp();
        using var timeout = new CancellationTokenSource(_options.ShutdownTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        await Task.WhenAll(
            TryStopAsync(_frontEnd is null ? null : _frontEnd.StopAsync, either.Token),
            TryStopAsync(_engines is null ? null : _engines.StopAsync, either.Token));

        // The worker before the server: its open stream would hold it. It ends within its own limit, whatever becomes of the others.
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

        using var limit = new CancellationTokenSource(DisposeLimit, _options.TimeProvider);
        foreach (var part in (IAsyncDisposable?[])[_frontEnd, _rpc, _engines])
        {
            await TryStopAsync(part is null ? null : _ => part.DisposeAsync().AsTask(), limit.Token);
        }

        Log.HostStopped(_logger, _hostId, _options.TimeProvider.GetElapsedTime(began));
    }

    /// <summary>Stops a part, and leaves it behind when it does not heed the token: some of it waits for storage that is gone.</summary>
    private async Task TryStopAsync(Func<CancellationToken, Task>? stop, CancellationToken cancellationToken)
    {
        if (stop is null)
        {
            return;
        }

        try
        {
            // On another thread: a part may block before it gives its task back.
            await Task.Run(() => stop(cancellationToken), CancellationToken.None).WaitAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            Log.EnginesAbandoned(_logger, exception);
        }
    }
}
