using System.Diagnostics;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.LocalHost.Hosting;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>
/// The app in a process of its own, which is started again when it ends, as a platform does it. A process that lives is left alone,
/// whatever state it is in.
/// </summary>
internal sealed class AppProcess : IAsyncDisposable
{
    public const string Verb = "run-app";

    private const string KillWorker = "kill-worker";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly string _options;
    private readonly string _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _supervision;
    private readonly Lock _gate = new();
    private TaskCompletionSource<App> _app = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

    public AppProcess(FunctionHostOptions options, string log)
    {
        _options = HostArguments.Of(options);
        _log = log;
        _supervision = SuperviseAsync();
    }

    /// <summary>How many processes were started.</summary>
    public int Starts { get; private set; }

    /// <summary>The running app, or the next one.</summary>
    public Task<App> App
    {
        get
        {
            lock (_gate)
            {
                return _app.Task;
            }
        }
    }

    /// <summary>The child's side: runs a host until its input ends or the host gives up.</summary>
    public static async Task<int> RunAsync(string options)
    {
        await using var host = await FunctionHost.StartAsync(HostArguments.Read(options), TestLog.Instance);
        await Console.Out.WriteLineAsync(host.Address.ToString());
        var commands = ReadAsync(host);
        await await Task.WhenAny(commands, host.Completion);
        return 0;
    }

    /// <summary>SIGKILL to the worker, if there is one at this moment.</summary>
    public async Task KillWorkerAsync()
    {
        try
        {
            await _process!.StandardInput.WriteLineAsync(KillWorker);
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // The host has just ended, and its worker with it.
        }
    }

    /// <summary>SIGKILL to the host; its worker ends with it.</summary>
    public void Kill() => _process!.Kill();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _supervision;
        _stopping.Dispose();
    }

    private static async Task ReadAsync(FunctionHost host)
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == KillWorker && host.WorkerProcessId is { } worker)
            {
                try
                {
                    using var process = Process.GetProcessById(worker);
                    process.Kill();
                }
                catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
                {
                    // It has just ended.
                }
            }
        }
    }

    private async Task SuperviseAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            using var process = Program.Start([], new Dictionary<string, string> { ["NANODET_TEST_LOG"] = _log }, Verb, _options);
            _process = process;
            Starts++;
            process.ErrorDataReceived += (_, line) => File.AppendAllText(_log + ".err", line.Data + "\n");
            process.BeginErrorReadLine();
            try
            {
                await RunAsync(process);
                await Task.Delay(Pause, TimeProvider.System, _stopping.Token);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    private async Task RunAsync(Process process)
    {
        var address = await process.StandardOutput.ReadLineAsync(_stopping.Token);
        if (Uri.TryCreate(address, UriKind.Absolute, out var uri))
        {
            _app.TrySetResult(new App(uri));
        }

        await process.WaitForExitAsync(_stopping.Token);
        lock (_gate)
        {
            if (_app.Task.IsCompleted)
            {
                _app = new TaskCompletionSource<App>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
