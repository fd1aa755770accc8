using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.LocalHost.Worker;

/// <summary>
/// Keeps one worker alive. When it dies, what it was doing fails, and a new one is started after a pause that grows; what comes
/// in meanwhile waits for the new one. After too many deaths in a row the host gives up and says so.
/// </summary>
internal sealed class WorkerSupervisor(
    RpcServer server,
    WorkerDescription description,
    IReadOnlyDictionary<string, string> environment,
    FunctionHostOptions options,
    ILoggerFactory loggerFactory) : IAsyncDisposable
{
    private static readonly TimeSpan TerminateGrace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongLife = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly ILogger logger = loggerFactory.CreateLogger<WorkerSupervisor>();
    private readonly TimeProvider timeProvider = options.TimeProvider;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource<WorkerSession> current = NewSlot();
    private volatile TaskCompletionSource nextStart = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WorkerProcess? process;
    private Task<WorkerProcessExitException>? death;
    private Task supervision = Task.CompletedTask;
    private int starts;

    /// <summary>How many workers finished their handshake.</summary>
    public int Starts => Volatile.Read(ref starts);

    public int? ProcessId => current.Task.IsCompletedSuccessfully ? process?.Id : null;

    /// <summary>Completes when the supervisor was stopped; fails when it gave up.</summary>
    public Task Completion => givenUp.Task;

    /// <exception cref="FunctionHostException">The first worker did not come up; it is not tried again.</exception>
    public async Task<WorkerSession> StartAsync(CancellationToken cancellationToken)
    {
        var session = await StartWorkerAsync(cancellationToken);
        supervision = SuperviseAsync(session);
        return session;
    }

    /// <summary>The session of the living worker, or of the next one when it is being started again.</summary>
    public Task<WorkerSession> GetSessionAsync(CancellationToken cancellationToken) => current.Task.WaitAsync(cancellationToken);

    public async Task WaitForStartsAsync(int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = nextStart.Task;
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
        await stopping.CancelAsync();
        if (process is { Exited.IsCompleted: false } living && current.Task.IsCompletedSuccessfully)
        {
            (await current.Task).Terminate(TerminateGrace);
            if (!await living.WaitOrKillAsync(TerminateGrace, timeProvider))
            {
                Log.WorkerKilled(logger, living.Id, TerminateGrace);
            }
        }

        await supervision;
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        givenUp.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
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
        if (current.Task.IsCompletedSuccessfully)
        {
            current = NewSlot();
        }
    }

    /// <summary>Closes the slot before it fails the session, so that who tries again at once does not meet the dead worker.</summary>
    private async Task<WorkerProcessExitException> WatchAsync(WorkerProcess watched, WorkerSession session)
    {
        var exitCode = await watched.Exited;
        if (!stopping.IsCancellationRequested)
        {
            CloseSlot();
        }

        var dead = new WorkerProcessExitException($"The worker process {watched.Id} exited with code {exitCode}.");
        session.Fail(dead);
        return dead;
    }

    private async Task SuperviseAsync(WorkerSession session)
    {
        var deaths = 0;
        var living = session;
        while (true)
        {
            var born = timeProvider.GetTimestamp();
            var dead = await death!;
            server.Forget(living);
            if (stopping.IsCancellationRequested)
            {
                return;
            }

            CloseSlot();
            deaths = timeProvider.GetElapsedTime(born) >= LongLife ? 0 : deaths;
            if (await RestartAsync(dead, deaths) is not (var restarted, var attempts))
            {
                return;
            }

            living = restarted;
            deaths = attempts;
        }
    }

    /// <summary>Tries until a worker is up, the host stops, or the tries are used up.</summary>
    private async Task<(WorkerSession Session, int Attempts)?> RestartAsync(Exception cause, int attempts)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (attempts++ >= options.MaxWorkerRestarts)
            {
                var lost = new FunctionHostException(
                    "worker_lost", $"The worker died; {options.MaxWorkerRestarts} restarts in a row did not help: {cause.Message}", cause);
                Log.WorkerLost(logger, options.MaxWorkerRestarts, cause);
                current.TrySetException(lost);
                givenUp.TrySetException(lost);
                return null;
            }

            var pause = TimeSpan.FromMilliseconds(Math.Min(250 * Math.Pow(2, attempts - 1), LongestPause.TotalMilliseconds));
            Log.WorkerRestarting(logger, cause.Message, pause, attempts, options.MaxWorkerRestarts);
            try
            {
                await Task.Delay(pause, timeProvider, stopping.Token);
                return (await StartWorkerAsync(stopping.Token), attempts);
            }
            catch (Exception e) when (e is FunctionHostException or WorkerProcessExitException)
            {
                cause = e;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return null;
            }
        }

        return null;
    }

    private async Task<WorkerSession> StartWorkerAsync(CancellationToken cancellationToken)
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        var began = timeProvider.GetTimestamp();
        var session = new WorkerSession(description, loggerFactory);
        server.Expect(session);
        process = WorkerProcess.Start(description, environment, server.Address, session.WorkerId, logger);
        death = WatchAsync(process, session);
        using var timeout = new CancellationTokenSource(options.WorkerStartTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await session.HandshakeAsync(either.Token);
        }
        catch (Exception e)
        {
            server.Forget(session);
            if (process.Exited.IsCompleted)
            {
                // What it died of may still be on its way.
                await process.OutputEnded.WaitAsync(LastWords, timeProvider, CancellationToken.None)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await process.DisposeAsync();
            throw e switch
            {
                OperationCanceledException when timeout.IsCancellationRequested => new FunctionHostException(
                    "worker_start_failed", $"The worker did not finish its handshake within {options.WorkerStartTimeout}.", e),
                WorkerProcessExitException => new FunctionHostException(
                    "worker_start_failed", $"{e.Message} It had not finished its handshake. {Words(process)}", e),
                _ => e,
            };
        }

        Interlocked.Increment(ref starts);
        Log.WorkerReady(logger, process.Id, session.Functions.Count, timeProvider.GetElapsedTime(began));
        current.TrySetResult(session);
        Interlocked.Exchange(ref nextStart, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        return session;
    }
}
