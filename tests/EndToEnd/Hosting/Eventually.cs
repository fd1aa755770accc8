using System.Diagnostics;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>
/// Waits for a state; when the deadline passes it fails with what was seen last. A deadline is no measurement: seconds are those of a machine
/// that has nothing else to do, and others get a multiple.
/// </summary>
internal static class Eventually
{
    private const int Patience = 3;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads until there is something.</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> read, Func<string> expectation, int seconds)
        where T : class
    {
        var watch = Stopwatch.StartNew();
        seconds *= Patience;
        while (true)
        {
            if (await read() is { } value)
            {
                return value;
            }

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(seconds), $"After {seconds} s still not: {expectation()}.");
            await Task.Delay(Interval, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Asks until it is so.</summary>
    public static Task TrueAsync(Func<Task<bool>> condition, Func<string> expectation, int seconds) =>
        GetAsync(async () => await condition() ? "yes" : null, expectation, seconds);

    /// <summary>Asks until it is so.</summary>
    public static Task TrueAsync(Func<Task<bool>> condition, string expectation, int seconds) =>
        TrueAsync(condition, () => expectation, seconds);
}
