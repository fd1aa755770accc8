using System.Diagnostics;
using Nanodet.Detection.Images;

namespace Nanodet.Detection.Benchmarking;

/// <summary>Measures decoding alone: what the whole way is bound by where a GPU is fast enough.</summary>
public static class DecodingBenchmark
{
    /// <summary>Decodes images on as many threads as there are processors.</summary>
    /// <param name="images">The bytes of usable images, at least one.</param>
    /// <param name="duration">How long.</param>
    /// <param name="cancellationToken">Looked at before the measurement.</param>
    /// <returns>Images a second.</returns>
    /// <exception cref="ImageException">An image cannot be used.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static double Measure(
        IReadOnlyList<ReadOnlyMemory<byte>> images, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfZero(images.Count);
        cancellationToken.ThrowIfCancellationRequested();
        var limits = new ImageLimits();
        var done = 0L;
        using var callers = new BenchmarkCallers(Environment.ProcessorCount);
        var start = Stopwatch.GetTimestamp();
        callers.Run(caller =>
        {
            for (var next = caller; Stopwatch.GetElapsedTime(start) < duration; next++)
            {
                ImageDecoder.Decode(images[next % images.Count].Span, limits).Dispose();
                Interlocked.Increment(ref done);
            }
        });
        return done / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
