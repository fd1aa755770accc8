using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Preprocessing;
using Nanodet.Detection.Telemetry;

namespace Nanodet.Detection.Batching;

/// <summary>
/// Where the requests of many callers to one model meet: those that wait at the same time share runs of the model. For a server, whose
/// callers know nothing of each other; whoever has a few images at hand calls <see cref="Detector"/>. Safe to call from any number of
/// threads.
/// </summary>
/// <remarks>
/// Each lane is a thread that does all of the work on its images, so one lane decodes while another runs the model. No more than
/// <see cref="BatchingOptions.QueueCapacity"/> images wait or run: further callers wait for a place.
/// </remarks>
/// <example>
/// <code>
/// using var detector = Detector.Load("model.onnx", model: new ModelOptions { ConcurrentRuns = Environment.ProcessorCount });
/// await using var batcher = new DetectionBatcher(detector);
/// var outcome = await batcher.DetectAsync(File.ReadAllBytes("photo.jpg"));
/// </code>
/// </example>
public sealed class DetectionBatcher : IDisposable, IAsyncDisposable
{
    private const int MaxDetectors = 64;

    private readonly NanodetModel _model;
    private readonly DetectorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DynamicBatcher<DetectionKey, EncodedImage, DetectionOutcome> _batcher;
    private readonly ConcurrentDictionary<DetectorOptions, Detector> _detectors = new();

    /// <summary>
    /// Decides how to batch, which may take as long as <see cref="BatchingOptions.CalibrationTime"/> and a little more, and starts the
    /// lanes.
    /// </summary>
    /// <param name="detector">
    /// Model and options; not disposed here, and not before this. Its <see cref="DetectorOptions.MaxRunSize"/> is a limit of the runs here,
    /// and its <see cref="DetectorOptions.DecodeThreads"/> counts for each lane; 0 shares the processors out among them.
    /// </param>
    /// <param name="options">How to batch; null for the defaults.</param>
    /// <param name="logger">Told when runs become smaller for lack of memory; null for nobody.</param>
    /// <param name="timeProvider">The clock of the waiting; null for the system's.</param>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">The model does not run.</exception>
    public DetectionBatcher(
        Detector detector, BatchingOptions? options = null, ILogger? logger = null, TimeProvider? timeProvider = null)
        : this(
            (detector ?? throw new ArgumentNullException(nameof(detector))).Model,
            Choose(detector, options, timeProvider),
            options ?? new BatchingOptions(),
            timeProvider ?? TimeProvider.System,
            logger ?? NullLogger.Instance) =>
        _options = detector.Options;

    /// <summary>Starts the lanes of a plan.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">How many lanes, and images in a run.</param>
    /// <param name="options">How long to wait, and how many.</param>
    /// <param name="time">The clock of the waiting.</param>
    /// <param name="logger">Told when runs become smaller.</param>
    /// <param name="detect">Detects the images of a run; null for <see cref="Detector"/>'s own way. Tests have it fail.</param>
    internal DetectionBatcher(
        NanodetModel model,
        BatchingPlan plan,
        BatchingOptions options,
        TimeProvider time,
        ILogger logger,
        Func<Detector, IReadOnlyList<ReadOnlyMemory<byte>>, CancellationToken, IReadOnlyList<DetectionOutcome>>? detect = null)
    {
        _model = model;
        _options = new DetectorOptions();
        _time = time;
        _logger = logger;
        Plan = plan;
        _batcher = new DynamicBatcher<DetectionKey, EncodedImage, DetectionOutcome>(
            new BatchingLimits(plan.Lanes, plan.MaxRunSize, options.MaxDelay, options.QueueCapacity, IsSharedOut: model.Shapes.Count > 0),
            (key, images, token) => detect is null
                ? key.Detector.DetectRun(images, token)
                : detect(key.Detector, [.. images.Select(image => image.File)], token),
            Judge,
            time,
            wait => DetectionTelemetry.BatcherWait.Record(wait.TotalSeconds),
            key => key.Width == 0 || model.IsReady(key.Height, key.Width));
        model.ReadyChanged += _batcher.Wake;
        model.Prepare();
    }

    /// <summary>How it batches, and why so.</summary>
    public BatchingPlan Plan { get; }

    /// <summary>The most images in one run now; less than planned once the memory was too little for that.</summary>
    public int MaxRunSize => _batcher.Limits.MaxRunSize;

    /// <summary>Detects one image file, together with whatever else waits for the same kind of run.</summary>
    /// <param name="encoded">
    /// The bytes of a JPEG, PNG, BMP, WebP, GIF or TIFF file; they have to stay as they are until the outcome is there.
    /// </param>
    /// <param name="cancellationToken">Takes this image back; those of other callers are not disturbed.</param>
    /// <returns>Detections, or the error of an image that cannot be used.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The batcher or the model was disposed.</exception>
    /// <exception cref="EnvironmentException">libvips is missing or cannot be used: no fault of the image.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory, even for this image alone: worth another try.</exception>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">
    /// The run failed, with this image alone as well: no fault of the image as far as is known, worth another try.
    /// </exception>
    public Task<DetectionOutcome> DetectAsync(ReadOnlyMemory<byte> encoded, CancellationToken cancellationToken = default) =>
        DetectAsync(DetectorFor(_options), encoded, cancellationToken);

    /// <summary>Detects one image file with options of its own. It shares runs with images of equal options only.</summary>
    /// <param name="encoded">
    /// The bytes of a JPEG, PNG, BMP, WebP, GIF or TIFF file; they have to stay as they are until the outcome is there.
    /// </param>
    /// <param name="options">How to detect; the plan decides on <see cref="DetectorOptions.MaxRunSize"/>.</param>
    /// <param name="cancellationToken">Takes this image back; those of other callers are not disturbed.</param>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    /// <inheritdoc cref="DetectAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    public Task<DetectionOutcome> DetectAsync(
        ReadOnlyMemory<byte> encoded, DetectorOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return DetectAsync(DetectorFor(options), encoded, cancellationToken);
    }

    /// <summary>Detects one image file whose name decides on the regions that its options give it.</summary>
    /// <param name="encoded">
    /// The bytes of a JPEG, PNG, BMP, WebP, GIF or TIFF file; they have to stay as they are until the outcome is there.
    /// </param>
    /// <param name="name">What <see cref="Filtering.Region.Images"/> is compared with.</param>
    /// <param name="options">How to detect; the plan decides on <see cref="DetectorOptions.MaxRunSize"/>.</param>
    /// <param name="cancellationToken">Takes this image back; those of other callers are not disturbed.</param>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    /// <inheritdoc cref="DetectAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    public Task<DetectionOutcome> DetectAsync(
        ReadOnlyMemory<byte> encoded, string name, DetectorOptions options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(options);
        return DetectAsync(DetectorFor(options), encoded, cancellationToken, name);
    }

    /// <summary>Waits until every image that is there is answered. Meanwhile none waits for others to share its run.</summary>
    /// <param name="cancellationToken">Ends the waiting; the images are still answered.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task DrainAsync(CancellationToken cancellationToken = default) => _batcher.DrainAsync(cancellationToken);

    /// <summary>Takes no further images; those that are there are still answered. Waits for nothing.</summary>
    public void Dispose()
    {
        _model.ReadyChanged -= _batcher.Wake;
        _batcher.Dispose();
    }

    /// <summary>Takes no further images, and waits until those that are there are answered and the lanes have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        await _batcher.Completion.ConfigureAwait(false);
    }

    /// <summary>A detector of this model for some options; the same one each time, as far as it is remembered.</summary>
    internal Detector DetectorFor(DetectorOptions options)
    {
        if (_detectors.TryGetValue(options, out var known))
        {
            return known;
        }

        if (_detectors.Count >= MaxDetectors)
        {
            _detectors.Clear();
        }

        // Lanes share the processors out: a lane has its part of them for decoding.
        var threads = options.DecodeThreads > 0 ? options.DecodeThreads : Math.Max(1, Environment.ProcessorCount / Plan.Lanes);
        var detector = new Detector(_model, options with { MaxRunSize = Plan.MaxRunSize, DecodeThreads = threads }, _time);
        return _detectors.GetOrAdd(options, detector);
    }

    /// <summary>Detects one image with a detector of <see cref="DetectorFor"/>.</summary>
    internal Task<DetectionOutcome> DetectAsync(
        Detector detector, ReadOnlyMemory<byte> image, CancellationToken cancellationToken, string? name = null)
    {
        var encoded = new EncodedImage(image, name);
        return _batcher.SubmitAsync(KeyOf(detector, encoded), encoded, cancellationToken);
    }

    private static BatchingPlan Choose(Detector detector, BatchingOptions? options, TimeProvider? time)
    {
        options ??= new BatchingOptions();
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        return BatchingPlan.Choose(detector.Model, options, detector.MaxRunSize, time ?? TimeProvider.System);
    }

    /// <summary>
    /// Images of a model that keeps their ratio run together when their tensors have one shape. The stored size tells it, but for a
    /// rotation by EXIF, which the detector finds out: such an image then runs beside the others of its group. What gzip has packed is
    /// unpacked by a lane, not for each image that waits.
    /// </summary>
    private DetectionKey KeyOf(Detector detector, EncodedImage image)
    {
        // The tiles of an image have shapes of their own, which its detector sorts.
        if (!_model.Description.Input.KeepRatio
            || detector.Options.Slices is not null
            || image.IsPacked
            || (MaxRunSize == 1 && _model.Shapes.Count == 0))
        {
            return new DetectionKey(detector, 0, 0);
        }

        try
        {
            var header = image.Open(detector.Options.Limits);
            var geometry = InputGeometry.Create(header.Width, header.Height, _model.Description.Input);
            return new DetectionKey(detector, geometry.TensorWidth, geometry.TensorHeight);
        }
        catch (ImageException)
        {
            // The detector says what is wrong with it.
            return new DetectionKey(detector, 0, 0);
        }
    }

    private RunFault Judge(Exception exception)
    {
        if (SessionFault.IsOutOfMemory(exception))
        {
            DetectionLog.BatchHalved(_logger, MaxRunSize, exception.Message);
            DetectionTelemetry.ModelFaults.Add(1, new KeyValuePair<string, object?>("kind", "out_of_memory"));
            return RunFault.OfSize;
        }

        return SessionFault.IsLost(exception) || EnvironmentFault.From(exception) is not null ? RunFault.OfAll : RunFault.OfOne;
    }
}
