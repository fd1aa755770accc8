using System.ComponentModel;
using System.Diagnostics;

namespace Nanodet.Serverless.LocalHost.Processes;

/// <summary>
/// A process that must not outlive this one. It holds the read end of a pipe, its standard input, whose write end is only here:
/// when this process dies, however it dies, the pipe closes and the child, or the guard in front of it, sees the end of its input.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _outputEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _errorEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StreamWriter _input = StreamWriter.Null;

    private ChildProcess(Process process) => _process = process;

    public int Id { get; private set; }

    /// <summary>The exit code, once there is one.</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>
    /// Completes when both streams of the child have ended and every line was passed on. That is after the exit, and never where somebody
    /// else holds a stream open: wait for it with a limit.
    /// </summary>
    public Task OutputEnded => Task.WhenAll(_outputEnded.Task, _errorEnded.Task);

    /// <exception cref="Win32Exception">The file cannot be started.</exception>
    public static ChildProcess Start(ProcessStartInfo start, Action<string> onOutput, Action<string> onError)
    {
        start.UseShellExecute = false;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var child = new ChildProcess(process);
        process.OutputDataReceived += (_, line) => Pass(line.Data, onOutput, child._outputEnded);
        process.ErrorDataReceived += (_, line) => Pass(line.Data, onError, child._errorEnded);
        process.Exited += (_, _) => child._exited.TrySetResult(process.ExitCode);
        process.Start();
        child.Id = process.Id;
        child._input = process.StandardInput;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Ends the child's input.</summary>
    public void CloseInput() => IgnoreBrokenPipe(_input.Close);

    /// <summary>Waits for the end, and enforces it when it takes longer than <paramref name="grace"/>.</summary>
    /// <returns>Whether the child ended by itself.</returns>
    public async Task<bool> WaitOrKillAsync(TimeSpan grace, TimeProvider timeProvider)
    {
        try
        {
            await Exited.WaitAsync(grace, timeProvider);
            return true;
        }
        catch (TimeoutException)
        {
            Kill();
            await Exited;
            return false;
        }
    }

    /// <summary>Kills what still runs. The line tells a guard that waits for one that its child ended in order.</summary>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
        IgnoreBrokenPipe(_input.WriteLine);
        CloseInput();
        _process.Dispose();
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It ended by itself just now.
        }
    }

    private static void Pass(string? line, Action<string> handler, TaskCompletionSource ended)
    {
        if (line is null)
        {
            ended.TrySetResult();
        }
        else if (line.Length > 0)
        {
            handler(line);
        }
    }

    private static void IgnoreBrokenPipe(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The child closed its end first.
        }
    }
}
