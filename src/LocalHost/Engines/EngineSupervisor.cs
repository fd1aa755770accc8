using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.LocalHost.Engines;

/// <summary>
/// Keeps the engines running. A listener whose storage is away for longer than its client retries ends for good. The Functions host ends
/// its process then, and the platform starts another one; here the engines are started again, with pauses that grow until storage is back.
/// </summary>
internal sealed class EngineSupervisor(
    Func<EngineHost> create, Action<EngineHost?> changed, FunctionHostOptions options, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _stopping = new();
    private volatile EngineHost? _current;
    private Task _supervision = Task.CompletedTask;

    /// <summary>How often the engines were started again.</summary>
    public int Restarts { get; private set; }

    /// <summary>Whether they do not run, because a listener had stopped for good.</summary>
    public bool IsBroken => _current is not { Broken.IsCompleted: false };

    /// <summary>Starts them; a first start that fails is not tried again.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _current = create();
        await _current.StartAsync(cancellationToken);
        changed(_current);
        _supervision = SuperviseAsync(_current);
    }

    /// <summary>Stops them and lets running functions finish until the token says otherwise.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _supervision;
        if (_current is { } engines)
        {
            await engines.StopAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _supervision;
        if (_current is { } engines)
        {
            await engines.DisposeAsync();
        }

        _stopping.Dispose();
    }

    private async Task SuperviseAsync(EngineHost first)
    {
        var engines = first;
        try
        {
            while (true)
            {
                var cause = await engines.Broken.WaitAsync(_stopping.Token);
                changed(null);
                _current = null;
                engines = await RestartAsync(engines, cause);
                _current = engines;
                Restarts++;
                changed(engines);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>Tries until the engines run.</summary>
    private async Task<EngineHost> RestartAsync(EngineHost broken, Exception cause)
    {
        await AbandonAsync(broken);
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            Log.EnginesRestarting(logger, pause, cause.GetBaseException().Message);
            await Task.Delay(pause, options.TimeProvider, _stopping.Token);
            var engines = create();
            try
            {
                await engines.StartAsync(_stopping.Token);
                Log.EnginesRestarted(logger);
                return engines;
            }
            catch (Exception exception)
            {
                await AbandonAsync(engines);
                _stopping.Token.ThrowIfCancellationRequested();
                cause = exception;
            }
        }
    }

    /// <summary>Stops engines of which nothing more is expected; functions that run may finish.</summary>
    private async Task AbandonAsync(EngineHost engines)
    {
        using var timeout = new CancellationTokenSource(options.ShutdownTimeout, options.TimeProvider);
        try
        {
            await engines.StopAsync(timeout.Token);
        }
        catch (Exception exception)
        {
            Log.EnginesAbandoned(logger, exception);
        }

        await engines.DisposeAsync();
    }
}
