using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.LocalHost.Worker;

/// <summary>
/// Keeps one worker alive. When it dies, what it was doing fails, and a new one is started after a pause that grows with the number of
/// deaths lately; what comes in meanwhile waits for the new one.
/// </summary>
internal sealed class WorkerSupervisor(
    RpcServer server,
    WorkerDescription description,
    IReadOnlyDictionary<string, string> environment,
    FunctionHostOptions options,
    ILoggerFactory loggerFactory) : IAsyncDisposable
{
    private static readonly TimeSpan TerminateGrace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly RestartBudget _budget = new(options.MaxWorkerRestarts, options.WorkerRestartWindow, options.TimeProvider);
    private readonly ILogger _logger = loggerFactory.CreateLogger<WorkerSupervisor>();
    private readonly TimeProvider _timeProvider = options.TimeProvider;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource<WorkerSession> _current = NewSlot();
    private volatile TaskCompletionSource _nextStart = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WorkerProcess? _process;
    private Task<WorkerProcessExitException>? _death;
    private Task _supervision = Task.CompletedTask;
    private int _starts;

    /// <summary>How many workers finished their handshake.</summary>
    public int Starts => Volatile.Read(ref _starts);

    public int? ProcessId => _current.Task.IsCompletedSuccessfully ? _process?.Id : null;

    /// <summary>Completes when the supervisor was stopped; fails when it gave up.</summary>
    public Task Completion => _givenUp.Task;

    /// <exception cref="FunctionHostException">The first worker did not come up; it is not tried again.</exception>
    public async Task<WorkerSession> StartAsync(CancellationToken cancellationToken)
    {
        var session = await StartWorkerAsync(cancellationToken);
        _supervision = SuperviseAsync(session);
        return session;
    }

    /// <summary>The session of the living worker, or of the next one when it is being started again.</summary>
    public Task<WorkerSession> GetSessionAsync(CancellationToken cancellationToken) => _current.Task.WaitAsync(cancellationToken);

    public async Task WaitForStartsAsync(int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = _nextStart.Task;
            if (Starts >= count)
            {
                return;
            }

            await await Task.WhenAny(next, Completion).WaitAsync(cancellationToken);
            if (Completion.IsCompleted)
            {
                throw new OperationCanceledException("The host has stopped.");
            }
        }
    }

    /// <summary>Asks the worker to end, waits 5 s, and kills it.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        if (_process is { Exited.IsCompleted: false } living && _current.Task.IsCompletedSuccessfully)
        {
            (await _current.Task).Terminate(TerminateGrace);
            if (!await living.WaitOrKillAsync(TerminateGrace, _timeProvider))
            {
                Log.WorkerKilled(_logger, living.Id, TerminateGrace);
            }
        }

        await _supervision;
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _givenUp.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    /// <summary>What the worker said, where it said something, and where the rest is.</summary>
    private string Words(WorkerProcess ended)
    {
        var place = options.LogLocation is { } location ? $"the log ({location})" : "the log";
        return ended.FirstError is { } words ? $"It said: {words} The rest is in {place}." : $"Its output is in {place}.";
    }

    private static TaskCompletionSource<WorkerSession> NewSlot() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>From now on callers wait for the next worker.</summary>
    private void CloseSlot()
    {
        if (_current.Task.IsCompletedSuccessfully)
        {
            _current = NewSlot();
        }
    }

    /// <summary>Closes the slot before it fails the session, so that who tries again at once does not meet the dead worker.</summary>
    private async Task<WorkerProcessExitException> WatchAsync(WorkerProcess watched, WorkerSession session)
    {
        var exitCode = await watched.Exited;
        if (!_stopping.IsCancellationRequested)
        {
            CloseSlot();
        }

        var dead = new WorkerProcessExitException($"The worker process {watched.Id} exited with code {exitCode}.");
        session.Fail(dead);
        return dead;
    }

    private async Task SuperviseAsync(WorkerSession session)
    {
        var living = session;
        while (true)
        {
            var dead = await _death!;
            server.Forget(living);
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            CloseSlot();
            if (await RestartAsync(dead) is not { } restarted)
            {
                return;
            }

            living = restarted;
        }
    }

    /// <summary>Tries until a worker is up or the host stops. Null then, and where dead workers are not started again.</summary>
    private async Task<WorkerSession?> RestartAsync(Exception cause)
    {
        if (options.MaxWorkerRestarts == 0)
        {
            var lost = new FunctionHostException(
                "worker_lost", $"The worker died, and by MaxWorkerRestarts = 0 it is not started again: {cause.Message}", cause);
            Log.WorkerLost(_logger, cause);
            _current.TrySetException(lost);
            _givenUp.TrySetException(lost);
            return null;
        }

        while (!_stopping.IsCancellationRequested)
        {
            var pause = _budget.Take();
            Log.WorkerRestarting(_logger, cause.Message, pause, _budget.Count, options.WorkerRestartWindow);
            try
            {
                await Task.Delay(pause, _timeProvider, _stopping.Token);
                return await StartWorkerAsync(_stopping.Token);
            }
            catch (Exception exception) when (exception is FunctionHostException or WorkerProcessExitException)
            {
                cause = exception;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return null;
            }
        }

        return null;
    }

    private async Task<WorkerSession> StartWorkerAsync(CancellationToken cancellationToken)
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        var began = _timeProvider.GetTimestamp();
        var session = new WorkerSession(description, loggerFactory);
        server.Expect(session);
        _process = WorkerProcess.Start(description, environment, server.Address, session.WorkerId, _logger);
        _death = WatchAsync(_process, session);
        using var timeout = new CancellationTokenSource(options.WorkerStartTimeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await session.HandshakeAsync(either.Token);
        }
        catch (Exception exception)
        {
            server.Forget(session);
            if (_process.Exited.IsCompleted)
            {
                // What it died of may still be on its way.
                await _process.OutputEnded.WaitAsync(LastWords, _timeProvider, CancellationToken.None)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await _process.DisposeAsync();
            throw exception switch
            {
                OperationCanceledException when timeout.IsCancellationRequested => new FunctionHostException(
                    "worker_start_failed", $"The worker did not finish its handshake within {options.WorkerStartTimeout}.", exception),
                WorkerProcessExitException => new FunctionHostException(
                    "worker_start_failed", $"{exception.Message} It had not finished its handshake. {Words(_process)}", exception),
                _ => exception,
            };
        }

        Interlocked.Increment(ref _starts);
        Log.WorkerReady(_logger, _process.Id, session.Functions.Count, _timeProvider.GetElapsedTime(began));
        _current.TrySetResult(session);
        Interlocked.Exchange(ref _nextStart, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        return session;
    }
}
