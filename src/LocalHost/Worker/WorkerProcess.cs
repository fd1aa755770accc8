using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.LocalHost.Processes;

namespace Nanodet.Serverless.LocalHost.Worker;

/// <summary>The operating system's side of one worker: the unmodified app, started as the Functions host starts it.</summary>
internal sealed partial class WorkerProcess : IAsyncDisposable
{
    // The shell leaves a guard behind and becomes the worker, so the process id is the worker's. The guard waits for a line on the
    // host's pipe: with a line it leaves, with the end of the pipe (the host is dead) it kills the worker first. Ctrl+C in a
    // terminal reaches every process in front; the worker leaves its end to the host.
    private const string Guard = """
        trap '' INT QUIT
        exec 3<&0 </dev/null
        { read -r _ <&3 || kill -9 $$; } >/dev/null 2>&1 &
        exec 3<&-
        exec env "$@"
        """;

    private const int MaxWords = 500;

    private readonly ChildProcess _child;
    private string? _firstError;

    private WorkerProcess(ProcessStartInfo start, ILogger logger) =>
        _child = ChildProcess.Start(start, line => Log.WorkerOutput(logger, line), line => OnError(logger, line));

    public int Id => _child.Id;

    /// <summary>The first line of its standard error, which names what it died of; null while it wrote none.</summary>
    public string? FirstError => Volatile.Read(ref _firstError);

    public Task<int> Exited => _child.Exited;

    /// <summary>Completes when everything that it wrote was read.</summary>
    public Task OutputEnded => _child.OutputEnded;

    /// <exception cref="FunctionHostException">The executable cannot be started.</exception>
    public static WorkerProcess Start(
        WorkerDescription description, IReadOnlyDictionary<string, string> environment, Uri rpcAddress, string workerId, ILogger logger)
    {
        string[] command = [description.Executable, description.WorkerPath, .. Arguments(rpcAddress, workerId)];
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo(command[0], command[1..])
            : new ProcessStartInfo("/bin/sh", ["-c", Guard, "sh", .. Unspeakable(environment), .. command]);
        start.WorkingDirectory = description.AppDirectory;
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return new WorkerProcess(start, logger);
        }
        catch (Win32Exception exception)
        {
            throw new FunctionHostException("worker_start_failed", $"'{start.FileName}' cannot be started: {exception.Message}", exception);
        }
    }

    public Task<bool> WaitOrKillAsync(TimeSpan grace, TimeProvider timeProvider) => _child.WaitOrKillAsync(grace, timeProvider);

    public ValueTask DisposeAsync() => _child.DisposeAsync();

    private void OnError(ILogger logger, string line)
    {
        Log.WorkerError(logger, line);
        Interlocked.CompareExchange(ref _firstError, line.Length > MaxWords ? $"{line.AsSpan(0, MaxWords)}…" : line, null);
    }

    // A shell drops what is no name of a variable, like AzureWebJobs.NAME.Disabled; the worker sees all settings, as in Azure.
    private static IEnumerable<string> Unspeakable(IReadOnlyDictionary<string, string> environment) =>
        environment.Where(setting => !VariableName().IsMatch(setting.Key)).Select(setting => $"{setting.Key}={setting.Value}");

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex VariableName();

    // Older workers read the first five, current ones the rest.
    private static IEnumerable<string> Arguments(Uri rpcAddress, string workerId)
    {
        var requestId = Guid.NewGuid().ToString();
        var longest = $"{int.MaxValue}";
        return
        [
            "--host", rpcAddress.Host, "--port", $"{rpcAddress.Port}", "--workerId", workerId, "--requestId", requestId,
            "--grpcMaxMessageLength", longest,
            "--functions-uri", rpcAddress.AbsoluteUri, "--functions-worker-id", workerId, "--functions-request-id", requestId,
            "--functions-grpc-max-message-length", longest,
        ];
    }
}
