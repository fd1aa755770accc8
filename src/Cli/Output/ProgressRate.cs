using System.Globalization;

namespace Nanodet.Serverless.Cli.Output;

/// <summary>How fast work is, and when it will be done.</summary>
/// <param name="clock">The clock.</param>
internal sealed class ProgressRate(TimeProvider clock)
{
    private readonly long _began = clock.GetTimestamp();

    /// <summary>A line such as <c>detecting: 1,200 of 5,000 images, 87.3/s, 44 s left</c>.</summary>
    /// <param name="what">What is done.</param>
    /// <param name="done">Images that are done, those that took no work included.</param>
    /// <param name="total">Images that there are; null where nobody knows.</param>
    /// <param name="free">Images among those that took no work.</param>
    public string Describe(string what, long done, long? total, long free = 0)
    {
        var seconds = clock.GetElapsedTime(_began).TotalSeconds;
        var rate = seconds > 0 ? (done - free) / seconds : 0;
        var of = total is { } all ? string.Create(CultureInfo.InvariantCulture, $" of {all:N0}") : "";
        var left = total is { } most && rate > 0 ? $", {Left((most - done) / rate)} left" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{what}: {done:N0}{of} images, {rate:0.0}/s{left}");
    }

    private static string Left(double seconds) => seconds switch
    {
        < 100 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 6000 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} h"),
    };
}
