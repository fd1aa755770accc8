using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>Waits until an app takes work, and gives up where waiting does not help.</summary>
/// <param name="health">Asks the app.</param>
/// <param name="clock">The clock.</param>
internal sealed class ReadyWait(Func<CancellationToken, Task<AppHealth>> health, TimeProvider clock)
{
    /// <summary>So many tries have to fail for the same reason before it counts as one that stays.</summary>
    public const int Tries = 2;

    /// <summary>A reason that stands for so long counts, too: not every failure is a try.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits.</summary>
    /// <param name="onReason">Takes each new reason why the app is not ready yet.</param>
    /// <param name="ended">Ends the wait with its exception when the app fails meanwhile.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CliException">The app says a code that waiting cannot mend.</exception>
    public async Task UntilReadyAsync(Action<string> onReason, Task ended, CancellationToken cancellationToken)
    {
        string? told = null;
        string? code = null;
        var since = clock.GetTimestamp();
        while (await health(cancellationToken) is { Ready: false } state)
        {
            if (state.Code != code)
            {
                (code, since) = (state.Code, clock.GetTimestamp());
            }

            if (!state.MayMend && (state.FailedTries >= Tries || clock.GetElapsedTime(since) >= Patience))
            {
                throw new CliException(state.Code!, $"the app is up and cannot take work: {state.Reason}");
            }

            if (state.Reason is { } reason && reason != told)
            {
                onReason(told = reason);
            }

            if (ended.IsCompleted)
            {
                await ended;
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }
    }
}
