using System.Diagnostics;
using Nanodet.Detection.Batching;

namespace Nanodet.Detection.Benchmarking;

/// <summary>Measures a batcher as a worker has it: many requests of one image each.</summary>
public static class BatcherBenchmark
{
    /// <summary>Detects images, again and again, with as many requests at a time.</summary>
    /// <param name="batcher">The batcher.</param>
    /// <param name="images">The bytes of usable images, at least one.</param>
    /// <param name="requests">Requests at the same time, at least 1.</param>
    /// <param name="duration">How long requests begin.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    /// <returns>Images a second.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<double> MeasureAsync(
        DetectionBatcher batcher,
        IReadOnlyList<ReadOnlyMemory<byte>> images,
        int requests,
        TimeSpan duration,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batcher);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfZero(images.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(requests, 1);
        var done = 0L;
        var start = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, requests),
            new ParallelOptions { MaxDegreeOfParallelism = requests, CancellationToken = cancellationToken },
            async (request, token) =>
            {
                for (var next = request; Stopwatch.GetElapsedTime(start) < duration; next++)
                {
                    _ = await batcher.DetectAsync(images[next % images.Count], token).ConfigureAwait(false);
                    Interlocked.Increment(ref done);
                }
            }).ConfigureAwait(false);
        return done / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
