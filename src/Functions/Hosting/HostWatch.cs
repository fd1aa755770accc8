using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.Functions.Hosting;

/// <summary>
/// Ends this process when its host is gone. A host that is killed cannot end its workers; one that went on would keep its model on the GPU
/// and get no work any more.
/// </summary>
/// <remarks>
/// The host is gone when nobody listens at the address that it gave this process for calls. This holds a connection to it, so it learns
/// of the end at once; a few refusals in a row must follow, because a busy machine refuses one now and then. Without such an address,
/// for example in a test, there is nothing to watch.
/// </remarks>
/// <param name="lifetime">Is asked to end in order.</param>
/// <param name="arguments">The arguments of this process.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">The log; the host that would read it is gone, a console may be left.</param>
internal sealed class HostWatch(
    IHostApplicationLifetime lifetime, HostWatch.Arguments arguments, TimeProvider timeProvider, ILogger<HostWatch> logger)
    : IHostedLifecycleService
{
    /// <summary>So many refusals in a row mean that the host is gone.</summary>
    internal const int Refusals = 3;

    /// <summary>Between two tries to connect.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>For the end in order; then the process is killed.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>What ends the process when it does not end in order; a test puts something else here.</summary>
    internal Action Kill { get; init; } = KillThisProcess;

    /// <summary>Begins, before the connection to the host is made: a host may be gone by then.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (FindHost(arguments.Values) is { } host)
        {
            // It runs until the process ends, also while that takes its time.
            _ = Task.Run(() => WatchAsync(host), CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The host's address in a worker's arguments, <c>--functions-uri http://127.0.0.1:1234</c>; null without.</summary>
    internal static Uri? FindHost(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i + 1 < arguments.Count; i++)
        {
            if (arguments[i] == "--functions-uri" && Uri.TryCreate(arguments[i + 1], UriKind.Absolute, out var address) && address.Port > 0)
            {
                return address;
            }
        }

        return null;
    }

    private async Task WatchAsync(Uri host)
    {
        var refusals = 0;
        while (refusals < Refusals)
        {
            refusals = await IsRefusedAsync(host) ? refusals + 1 : 0;
            await Task.Delay(Pause, timeProvider);
        }

        Log.HostGone(logger, host);
        lifetime.StopApplication();
        await Task.Delay(Grace, timeProvider);
        Kill();
    }

    /// <summary>Holds a connection for as long as the host holds it.</summary>
    /// <returns>Whether nobody listened.</returns>
    private static async Task<bool> IsRefusedAsync(Uri host)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host.Host, host.Port);
            var nothing = new byte[64];
            while (await client.GetStream().ReadAsync(nothing) > 0)
            {
                // Its greeting.
            }

            return false;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void KillThisProcess()
    {
        using var process = Process.GetCurrentProcess();
        process.Kill();
    }

    /// <summary>The arguments of a process.</summary>
    /// <param name="Values">Without the program's name.</param>
    internal sealed record Arguments(IReadOnlyList<string> Values);
}
