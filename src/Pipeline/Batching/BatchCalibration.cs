using Microsoft.ML.OnnxRuntime;
using Nanodet.Serverless.Pipeline.Models;

namespace Nanodet.Serverless.Pipeline.Batching;

/// <summary>
/// Finds out how many images a run should have: doubles them for as long as that brings more images per second with as many runs side by
/// side as there will be.
/// </summary>
internal sealed class BatchCalibration(NanodetModel model, int lanes, TimeProvider time)
{
    /// <summary>A larger batch makes each image wait longer: it has to be worth that.</summary>
    internal const double WorthIt = 1.05;

    private const int Rounds = 3;

    /// <summary>Measures batch sizes from one on.</summary>
    /// <param name="limit">The largest batch.</param>
    /// <param name="longest">No further size is begun after this time.</param>
    /// <param name="cancellationToken">Looked at between sizes.</param>
    internal BatchMeasurement Measure(int limit, TimeSpan longest, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        return Climb(limit, Rate, () => time.GetElapsedTime(start) < longest, cancellationToken);
    }

    /// <summary>Doubles the size while it pays.</summary>
    internal static BatchMeasurement Climb(
        int limit, Func<int, double> rate, Func<bool> mayGoOn, CancellationToken cancellationToken)
    {
        var rates = new List<BatchRate>();
        var best = 0;
        for (var size = 1; size <= limit; size *= 2)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (rates.Count > 0 && !mayGoOn())
            {
                break;
            }

            rates.Add(new BatchRate(size, rate(size)));
            if (rates.Count > 1 && rates[^1].ImagesPerSecond < WorthIt * rates[best].ImagesPerSecond)
            {
                break;
            }

            best = rates.Count - 1;
        }

        return new BatchMeasurement(rates[best].BatchSize, rates);
    }

    /// <summary>Images per second of all lanes together; the best of some rounds, since whatever disturbs a round only slows it.</summary>
    private double Rate(int size)
    {
        var (height, width) = ModelInput.ShapeOf(model.Description.Input);
        var best = 0.0;
        for (var round = 0; round <= Rounds; round++)
        {
            var start = time.GetTimestamp();
            var threads = new Thread[lanes];
            Exception? failure = null;
            for (var lane = 0; lane < lanes; lane++)
            {
                threads[lane] = new Thread(() => failure = Run(size, height, width) ?? failure) { IsBackground = true };
                threads[lane].Start();
            }

            Array.ForEach(threads, thread => thread.Join());
            if (failure is not null)
            {
                // As much memory as that is not there: a size that does not run has no rate.
                return 0;
            }

            // The first round allocates.
            if (round > 0)
            {
                best = Math.Max(best, lanes * size / Math.Max(1e-6, time.GetElapsedTime(start).TotalSeconds));
            }
        }

        return best;
    }

    private OnnxRuntimeException? Run(int size, int height, int width)
    {
        try
        {
            using var tensor = new Preprocessing.BatchTensor(size, height, width);
            for (var image = 0; image < size; image++)
            {
                tensor.Image(image).Clear();
            }

            using var input = tensor.AsOrtValue(size);
            model.Run(input).Dispose();
            return null;
        }
        catch (OnnxRuntimeException exception) when (size > 1)
        {
            return exception;
        }
    }
}
