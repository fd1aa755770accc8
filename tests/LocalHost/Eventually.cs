using System.Diagnostics;

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>Waits for a state; fails with the last state seen when the deadline passes.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public static async Task<T> GetAsync<T>(Func<Task<T?>> read, string expectation, int seconds = 40)
        where T : class
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            if (await read() is { } value)
            {
                return value;
            }

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(seconds), $"After {seconds} s still not: {expectation}.");
            await Task.Delay(Interval, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    public static Task TrueAsync(Func<Task<bool>> condition, string expectation, int seconds = 40) =>
        GetAsync(async () => await condition() ? "yes" : null, expectation, seconds);
}
