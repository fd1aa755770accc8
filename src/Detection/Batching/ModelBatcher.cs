using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Preprocessing;
using Nanodet.Detection.Telemetry;

namespace Nanodet.Detection.Batching;

/// <summary>
/// Where all requests to one model meet: batches of the worker and single images of <c>POST /api/detect</c>. Each lane does all of the
/// work on its images with <see cref="Detector"/>, so one lane decodes while another runs the model.
/// </summary>
internal sealed class ModelBatcher : IDisposable
{
    private const int MaxDetectors = 64;

    private readonly NanodetModel _model;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DynamicBatcher<DetectionKey, ReadOnlyMemory<byte>, DetectionOutcome> _batcher;
    private readonly ConcurrentDictionary<DetectorOptions, Detector> _detectors = new();

    internal ModelBatcher(NanodetModel model, BatchingPlan plan, BatcherOptions options, TimeProvider time, ILogger logger)
    {
        _model = model;
        _time = time;
        _logger = logger;
        Plan = plan;
        _batcher = new DynamicBatcher<DetectionKey, ReadOnlyMemory<byte>, DetectionOutcome>(
            new BatchLimits(plan.Lanes, plan.MaxBatchSize, options.MaxDelay, options.QueueCapacity),
            static (key, images, token) => key.Run(key.Detector, images, token),
            Judge,
            time,
            wait => DetectionTelemetry.BatcherWait.Record(wait.TotalSeconds));
    }

    /// <summary>How it batches.</summary>
    internal BatchingPlan Plan { get; }

    /// <summary>The most images in one run; less than planned after the memory did not do.</summary>
    internal int MaxBatchSize => _batcher.Limits.MaxBatchSize;

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
        var detector = new Detector(_model, options with { MaxBatchSize = Plan.MaxBatchSize, DecodeThreads = threads }, _time);
        return _detectors.GetOrAdd(options, detector);
    }

    /// <summary>Detects one image, with whatever else waits for the same kind of run.</summary>
    internal Task<DetectionOutcome> DetectAsync(
        Detector detector, DetectorRun run, ReadOnlyMemory<byte> image, CancellationToken cancellationToken) =>
        _batcher.SubmitAsync(KeyOf(detector, run, image), image, cancellationToken);

    /// <summary>Waits until nothing is left to do.</summary>
    internal Task DrainAsync(CancellationToken cancellationToken) => _batcher.DrainAsync(cancellationToken);

    /// <summary>Takes no further images.</summary>
    public void Dispose() => _batcher.Dispose();

    /// <summary>
    /// Images of a model that keeps their ratio run together when their tensors have one shape. The stored size tells it, but for a
    /// rotation by EXIF, which the detector finds out: such an image then runs beside the others of its batch.
    /// </summary>
    private DetectionKey KeyOf(Detector detector, DetectorRun run, ReadOnlyMemory<byte> image)
    {
        if (!_model.Description.Input.KeepRatio || MaxBatchSize == 1)
        {
            return new DetectionKey(detector, run, 0, 0);
        }

        try
        {
            var header = ImageHeader.Read(image.Span, detector.Options.Limits);
            var geometry = InputGeometry.Create(header.Width, header.Height, _model.Description.Input);
            return new DetectionKey(detector, run, geometry.TensorWidth, geometry.TensorHeight);
        }
        catch (ImageException)
        {
            // The detector says what is wrong with it.
            return new DetectionKey(detector, run, 0, 0);
        }
    }

    private BatchFault Judge(Exception exception)
    {
        if (SessionFault.IsOutOfMemory(exception))
        {
            DetectionLog.BatchHalved(_logger, MaxBatchSize, exception.Message);
            DetectionTelemetry.ModelFaults.Add(1, new KeyValuePair<string, object?>("kind", "out_of_memory"));
            return BatchFault.OfSize;
        }

        return SessionFault.IsLost(exception) || EnvironmentFault.From(exception) is not null ? BatchFault.OfAll : BatchFault.OfOne;
    }
}
