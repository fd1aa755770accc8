using System.Runtime.ExceptionServices;
using Nanodet.Detection.Description;
using Nanodet.Detection.Forms;

namespace Nanodet.Detection.Inference;

/// <summary>
/// Times the same model in float32 and in 8 bits, in turn, with as many runs at the same time as there will be: whether 8 bits are faster
/// depends on the processor, so it is measured where the model serves. Takes five rounds at least, and of more only those that begin within
/// a second and a half.
/// </summary>
public static class FormContest
{
    private const int WarmUps = 2;
    private const int LeastRounds = 3;
    private const int MostRounds = 15;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1.5);

    /// <summary>Measures two models on this machine's CPU.</summary>
    /// <param name="float32">The ONNX file in float32.</param>
    /// <param name="int8">The ONNX file in 8 bits.</param>
    /// <param name="concurrentRuns">Runs at the same time, 1 to 1024; the processors are shared out among them.</param>
    /// <param name="cancellationToken">Looked at between rounds.</param>
    /// <exception cref="ModelLoadException">One of them cannot be loaded.</exception>
    /// <exception cref="Natives.EnvironmentException">This machine lacks what running a model needs.</exception>
    public static FormMeasurement Measure(
        byte[] float32, byte[] int8, int concurrentRuns, CancellationToken cancellationToken = default)
    {
        var options = new ModelOptions { Provider = ExecutionProvider.Cpu, ConcurrentRuns = concurrentRuns };
        using var first = NanodetModel.Load(float32, options);
        using var second = NanodetModel.Load(int8, options);
        return Measure(first, second, concurrentRuns, TimeProvider.System, cancellationToken);
    }

    /// <summary>Measures two loaded models.</summary>
    /// <param name="float32">The model in float32.</param>
    /// <param name="int8">The model in 8 bits.</param>
    /// <param name="concurrentRuns">Runs at the same time.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Looked at between rounds.</param>
    internal static FormMeasurement Measure(
        NanodetModel float32, NanodetModel int8, int concurrentRuns, TimeProvider time, CancellationToken cancellationToken)
    {
        using var first = new Contestant(float32, concurrentRuns);
        using var second = new Contestant(int8, concurrentRuns);
        return Measure(first.RunRound, second.RunRound, concurrentRuns, time, cancellationToken);
    }

    /// <summary>Measures two ways to run a round.</summary>
    internal static FormMeasurement Measure(
        Action float32, Action int8, int concurrentRuns, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var round = 0; round < WarmUps; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            float32();
            int8();
        }

        var (firsts, seconds) = (new List<double>(), new List<double>());
        var start = time.GetTimestamp();
        while (firsts.Count < LeastRounds || (firsts.Count < MostRounds && time.GetElapsedTime(start) < Longest))
        {
            cancellationToken.ThrowIfCancellationRequested();

            // Whoever comes second finds the caches as the other left them: each is second as often.
            if (firsts.Count % 2 == 0)
            {
                firsts.Add(Time(float32, time));
                seconds.Add(Time(int8, time));
            }
            else
            {
                seconds.Add(Time(int8, time));
                firsts.Add(Time(float32, time));
            }
        }

        return new FormMeasurement(Median(firsts), Median(seconds), firsts.Count, concurrentRuns, ProcessorFeatures.Name);
    }

    private static double Time(Action round, TimeProvider time)
    {
        var start = time.GetTimestamp();
        round();
        return time.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    /// <summary>A model with a tensor for each caller.</summary>
    private sealed class Contestant : IDisposable
    {
        private readonly NanodetModel _model;
        private readonly List<RunTensor> _tensors = [];

        internal Contestant(NanodetModel model, int callers)
        {
            _model = model;
            var (height, width) = ModelInput.ShapeOf(model.Description.Input);
            try
            {
                for (var caller = 0; caller < callers; caller++)
                {
                    var tensor = model.Rent(1, height, width);
                    _tensors.Add(tensor);
                    ParityInput.Create(ParityFixture.DefaultSeed, height, width, model.Description).CopyTo(tensor.Image(0));
                }
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public void Dispose() => _tensors.ForEach(tensor => tensor.Dispose());

        /// <summary>Lets every caller run once, on a thread of its own; the exception of one of them comes out as it is.</summary>
        internal void RunRound()
        {
            if (_tensors.Count == 1)
            {
                _model.Run(_tensors[0], 1).Dispose();
                return;
            }

            ExceptionDispatchInfo? failure = null;
            var threads = _tensors.ConvertAll(tensor => new Thread(() =>
            {
                try
                {
                    _model.Run(tensor, 1).Dispose();
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
}
