using System.Runtime.ExceptionServices;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;

namespace Nanodet.Detection.Batching;

/// <summary>
/// Finds out how many images a run should have: doubles them for as long as that brings more images per second with as many lanes as
/// there will be, into the same memory, overlapping or in turn as they will.
/// </summary>
internal sealed class RunSizeCalibration(NanodetModel model, int lanes, TimeProvider time)
{
    /// <summary>A larger run makes each image wait longer: it has to be worth that.</summary>
    internal const double WorthIt = 1.05;

    private const int Rounds = 3;
    private const int RunsInTurn = 4;

    /// <summary>Measures sizes from one on.</summary>
    /// <param name="limit">The largest size.</param>
    /// <param name="longest">No further size is begun after this time.</param>
    /// <param name="cancellationToken">Looked at between sizes.</param>
    internal RunSizeMeasurement Measure(int limit, TimeSpan longest, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        return Climb(limit, Rate, () => time.GetElapsedTime(start) < longest, cancellationToken);
    }

    /// <summary>Doubles the size while it pays.</summary>
    internal static RunSizeMeasurement Climb(
        int limit, Func<int, double> rate, Func<bool> mayGoOn, CancellationToken cancellationToken)
    {
        var rates = new List<RunRate>();
        var best = 0;
        for (var size = 1; size <= limit; size *= 2)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (rates.Count > 0 && !mayGoOn())
            {
                break;
            }

            rates.Add(new RunRate(size, rate(size)));
            if (rates.Count > 1 && rates[^1].ImagesPerSecond < WorthIt * rates[best].ImagesPerSecond)
            {
                break;
            }

            best = rates.Count - 1;
        }

        return new RunSizeMeasurement(rates[best].RunSize, rates);
    }

    /// <summary>
    /// Images per second of all lanes together, each on a tensor of its own; the best of some rounds, since whatever disturbs a round only
    /// slows it. Runs that overlap are made once by each lane. Of runs that take turns a lane makes several, so that the copy for one run
    /// can go on beside another as it will later on.
    /// </summary>
    private double Rate(int size)
    {
        var runs = model.Runs.Order == RunMode.Overlapping ? 1 : RunsInTurn;
        var tensors = new List<RunTensor>();
        try
        {
            Rent(tensors, size);
            var best = 0.0;
            for (var round = 0; round <= Rounds; round++)
            {
                var start = time.GetTimestamp();
                RunRound(tensors, size, runs);

                // The first round allocates.
                if (round > 0)
                {
                    best = Math.Max(best, lanes * runs * size / Math.Max(1e-6, time.GetElapsedTime(start).TotalSeconds));
                }
            }

            return best;
        }
        catch (Exception exception) when (size > 1 && (exception is OnnxRuntimeException or InsufficientMemoryException))
        {
            // As much memory as that is not there: a size that does not run has no rate.
            return 0;
        }
        finally
        {
            tensors.ForEach(tensor => tensor.Dispose());
        }
    }

    private void Rent(List<RunTensor> tensors, int size)
    {
        var (height, width) = ModelInput.ShapeOf(model.Description.Input);
        for (var lane = 0; lane < lanes; lane++)
        {
            var tensor = model.Rent(size, height, width);
            tensors.Add(tensor);
            for (var image = 0; image < size; image++)
            {
                tensor.Image(image).Clear();
            }
        }
    }

    /// <summary>Lets every lane run, on a thread of its own; the exception of one of them comes out as it is.</summary>
    private void RunRound(List<RunTensor> tensors, int size, int runs)
    {
        ExceptionDispatchInfo? failure = null;
        var threads = tensors.ConvertAll(tensor => new Thread(() =>
        {
            try
            {
                for (var run = 0; run < runs; run++)
                {
                    model.Run(tensor, size).Dispose();
                }
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        })
        { IsBackground = true });
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        failure?.Throw();
    }
}
