namespace Nanodet.Detection.Benchmarking;

/// <summary>When a slice of a measurement ends: after a time, or after a number of images. Every caller shares it.</summary>
public sealed class BenchmarkLimit
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _duration;
    private readonly long _started;
    private long _left;
    private int _hasBegun;

    private BenchmarkLimit(TimeProvider time, TimeSpan duration, long images)
    {
        _time = time;
        _duration = duration;
        _left = images;
        _started = time.GetTimestamp();
    }

    /// <summary>
    /// Ends after a time, which begins now. The first call comes through even when a busy machine let the time pass before it: a slice
    /// without images would have no rate.
    /// </summary>
    /// <param name="duration">How long.</param>
    /// <param name="time">The clock.</param>
    public static BenchmarkLimit After(TimeSpan duration, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new BenchmarkLimit(time, duration, long.MaxValue);
    }

    /// <summary>Ends after a number of images, whatever time they take.</summary>
    /// <param name="images">How many.</param>
    public static BenchmarkLimit After(long images) => new(TimeProvider.System, TimeSpan.MaxValue, images);

    /// <summary>Takes images for the next call.</summary>
    /// <param name="most">The most that the call can use.</param>
    /// <returns>How many it may use; 0 at the end.</returns>
    internal int Take(int most)
    {
        var isFirst = Interlocked.Exchange(ref _hasBegun, 1) == 0;
        if (!isFirst && _time.GetElapsedTime(_started) >= _duration)
        {
            return 0;
        }

        var left = Interlocked.Add(ref _left, -most) + most;
        return (int)Math.Clamp(left, 0, most);
    }
}
