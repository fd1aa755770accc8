namespace Nanodet.Serverless.TestKit;

/// <summary>Waits for a state, never for a time.</summary>
public static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static Task UntilAsync(Func<bool> state, string what, CancellationToken cancellationToken, int seconds = 30) =>
        UntilAsync(() => Task.FromResult(state()), what, cancellationToken, seconds);

    public static async Task UntilAsync(Func<Task<bool>> state, string what, CancellationToken cancellationToken, int seconds = 30)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await state())
        {
            if (TimeProvider.System.GetElapsedTime(start).TotalSeconds > seconds)
            {
                throw new TimeoutException($"not within {seconds} s: {what}");
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }
}
