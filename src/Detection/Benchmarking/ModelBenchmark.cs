using System.Diagnostics;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Preprocessing;
using Nanodet.Detection.Results;

namespace Nanodet.Detection.Benchmarking;

/// <summary>
/// Measures one model on images in memory: the whole way through a <see cref="Detector"/>, and the graph alone. Both are called by the same
/// number of callers, turn by turn, so that a change of the machine's speed meets both. To compare models, give each its round in turn.
/// </summary>
public sealed class ModelBenchmark : IDisposable
{
    private const int MostPrepared = 8;
    private const long MostPreparedBytes = 256L << 20;

    private readonly Detector _detector;
    private readonly IReadOnlyList<ReadOnlyMemory<byte>> _images;
    private readonly BenchmarkOptions _options;
    private readonly int _runSize;
    private readonly BenchmarkCallers _callers;
    private readonly List<RunTensor> _prepared = [];
    private readonly List<Slice> _slices = [];
    private readonly List<Slice> _runSlices = [];
    private readonly List<StageTimings> _timings = [];
    private long _detections;
    private long _allocated;

    /// <summary>Prepares tensors; the model belongs to the caller.</summary>
    /// <param name="model">A loaded model; on the CPU best with one thread for each operator.</param>
    /// <param name="images">The bytes of usable images, at least one.</param>
    /// <param name="detectorOptions">How to detect; the size of runs and the threads of decoding are set here.</param>
    /// <param name="options">How to measure.</param>
    /// <exception cref="ImageException">An image cannot be used.</exception>
    public ModelBenchmark(
        NanodetModel model, IReadOnlyList<ReadOnlyMemory<byte>> images, DetectorOptions detectorOptions, BenchmarkOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(detectorOptions);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfZero(images.Count);
        options.Validate();
        _options = options;
        _images = images;
        _runSize = model.IsBatchFixed ? 1 : options.RunSize;

        // The callers are the threads: within a call nothing else is to run beside them.
        _detector = new Detector(model, detectorOptions with { MaxRunSize = _runSize, DecodeThreads = 1 });
        var bytes = 0L;
        foreach (var image in images.Take(MostPrepared).TakeWhile(_ => bytes < MostPreparedBytes))
        {
            var tensor = Prepare(image.Span);
            _prepared.Add(tensor);
            bytes += (long)tensor.Image(0).Length * tensor.Capacity * sizeof(float);
        }

        _callers = new BenchmarkCallers(options.Concurrency);
    }

    /// <summary>Detects every image at least once before the measurement, so that what happens only once is not measured.</summary>
    /// <param name="cancellationToken">Ends the round early.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ImageException">An image cannot be used.</exception>
    public void WarmUp(CancellationToken cancellationToken)
    {
        _detector.Model.Prepare();

        // Nothing of this is counted; every caller has run the graph by then, and every shape is asked for.
        Measure(BenchmarkLimit.After(Math.Max(_images.Count, 4L * _options.Concurrency * _runSize)), DetectAsCaller, cancellationToken);
        Measure(BenchmarkLimit.After(4L * _options.Concurrency * _runSize), RunAsCaller, cancellationToken);
        _detector.Model.Settle(cancellationToken);
        _timings.Clear();
        _detections = 0;
    }

    /// <summary>One round: the whole way, then the graph alone.</summary>
    /// <param name="limit">Makes the limit of each half.</param>
    /// <param name="cancellationToken">Ends the round early.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ImageException">An image cannot be used.</exception>
    public void RunRound(Func<BenchmarkLimit> limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(limit);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var slice = Measure(limit(), DetectAsCaller, cancellationToken);
        _allocated += GC.GetTotalAllocatedBytes(precise: true) - allocated;
        _slices.Add(slice);
        _runSlices.Add(Measure(limit(), RunAsCaller, cancellationToken));
    }

    /// <summary>The figures of the rounds so far.</summary>
    public ModelFigures Summarize()
    {
        var images = Math.Max(_timings.Count, 1);
        return new ModelFigures
        {
            Model = ResultModel.From(_detector.Model),
            Provider = _detector.Model.Provider.Name,
            Runs = _detector.Model.Runs,
            Shapes = _detector.Model.Shapes,
            Rounds = _slices.Count,
            Images = _timings.Count,
            ImagesPerSecond = Median(_slices.Select(slice => slice.Rate)),
            RunImagesPerSecond = Median(_runSlices.Select(slice => slice.Rate)),
            RatioToRun = Median(_slices.Zip(_runSlices, (whole, run) => whole.Rate / run.Rate)),
            ProcessorMs = _slices.Sum(slice => slice.ProcessorMs) / images,
            RunProcessorMs = _runSlices.Sum(slice => slice.ProcessorMs) / Math.Max(_runSlices.Sum(slice => slice.Images), 1),
            Decode = StageFigures.Of(_timings.Select(timing => timing.DecodeMs)),
            Preprocess = StageFigures.Of(_timings.Select(timing => timing.PreprocessMs)),
            Inference = StageFigures.Of(_timings.Select(timing => timing.InferenceMs)),
            Postprocess = StageFigures.Of(_timings.Select(timing => timing.PostprocessMs)),
            DetectionsPerImage = (double)_detections / images,
            AllocatedBytesPerImage = (double)_allocated / images,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _callers.Dispose();
        _prepared.ForEach(tensor => tensor.Dispose());
        _prepared.Clear();
    }

    private static double Median(IEnumerable<double> values) => StageFigures.Percentile([.. values.Order()], 0.5);

    /// <summary>A tensor that holds one image as often as fits.</summary>
    private RunTensor Prepare(ReadOnlySpan<byte> encoded)
    {
        using var image = ImageDecoder.Decode(encoded, _detector.Options.Limits);
        var description = _detector.Model.Description;
        var geometry = InputGeometry.Create(image.Width, image.Height, description.Input);
        var tensor = _detector.Model.Rent(_runSize, geometry.TensorHeight, geometry.TensorWidth);
        for (var slot = 0; slot < _runSize; slot++)
        {
            new Preprocessor(description).Write(image, geometry, tensor.Image(slot));
        }

        return tensor;
    }

    /// <summary>
    /// Lets every caller work until the limit. Where runs overlap, the callers' rates are added up, each one's images over its own time.
    /// Where they take turns, a caller's own time is mostly the others': the images of all over the time of all count.
    /// </summary>
    private Slice Measure(
        BenchmarkLimit limit, Func<int, BenchmarkLimit, CancellationToken, long> call, CancellationToken cancellationToken)
    {
        var rates = new double[_options.Concurrency];
        var counts = new long[_options.Concurrency];
        var processor = Environment.CpuUsage.TotalTime;
        var begun = Stopwatch.GetTimestamp();
        _callers.Run(caller =>
        {
            var started = Stopwatch.GetTimestamp();
            counts[caller] = call(caller, limit, cancellationToken);
            rates[caller] = counts[caller] / Stopwatch.GetElapsedTime(started).TotalSeconds;
        });
        var together = counts.Sum() / Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var rate = _detector.Model.Runs.Order == RunMode.Overlapping ? rates.Sum() : together;
        return new Slice(rate, counts.Sum(), (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds);
    }

    private long DetectAsCaller(int caller, BenchmarkLimit limit, CancellationToken cancellationToken)
    {
        var next = caller * _images.Count / _options.Concurrency;
        var group = new ReadOnlyMemory<byte>[_runSize];
        var timings = new List<StageTimings>(capacity: 1024);
        var detections = 0L;
        while (limit.Take(_runSize) is > 0 and var count)
        {
            for (var i = 0; i < count; i++, next++)
            {
                group[i] = _images[next % _images.Count];
            }

            foreach (var outcome in _detector.Detect(count == _runSize ? group : group[..count], cancellationToken))
            {
                if (!outcome.Succeeded)
                {
                    throw new ImageException(outcome.Error.Code, outcome.Error.Message);
                }

                timings.Add(outcome.Timings);
                detections += outcome.Detections.Count;
            }
        }

        lock (_timings)
        {
            _timings.AddRange(timings);
            _detections += detections;
        }

        return timings.Count;
    }

    private long RunAsCaller(int caller, BenchmarkLimit limit, CancellationToken cancellationToken)
    {
        var images = 0L;
        for (var next = caller; limit.Take(_runSize) is > 0; next++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var output = _detector.Model.Run(_prepared[next % _prepared.Count], _runSize);
            images += _runSize;
        }

        return images;
    }

    /// <summary>One half of a round: images a second of all callers, their images, and the process' time on the processors.</summary>
    private readonly record struct Slice(double Rate, long Images, double ProcessorMs);
}
