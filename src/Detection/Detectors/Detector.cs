using System.ComponentModel.DataAnnotations;
using System.Runtime.ExceptionServices;
using Nanodet.Detection.Description;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Preprocessing;
using Nanodet.Detection.Telemetry;

namespace Nanodet.Detection.Detectors;

/// <summary>
/// Encoded images in, detections out. Keeps no state between calls: one detector may serve several threads. The model belongs to the
/// caller.
/// </summary>
public sealed class Detector
{
    private readonly TimeProvider _time;
    private readonly Preprocessor _preprocessor;
    private readonly Postprocessor _postprocessor;
    private readonly int _maxBatchSize;
    private readonly int _threads;

    /// <summary>Prepares a detector; the model is not run yet.</summary>
    /// <param name="model">A loaded model; not disposed here.</param>
    /// <param name="options">How to detect; null for the defaults.</param>
    /// <param name="timeProvider">The clock of the timings; null for the system's.</param>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    /// <exception cref="ModelLoadException"><see cref="ModelErrorCodes.NoDetections"/>.</exception>
    public Detector(NanodetModel model, DetectorOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Description.Head == HeadKind.Raw)
        {
            throw new ModelLoadException(
                ModelErrorCodes.NoDetections,
                $"{model.Description.Name}: expected a head that detects, found SimpleConvHead, whose output has no official post-processing.");
        }

        Options = options ?? new DetectorOptions();
        Options.Validate();
        Model = model;
        _time = timeProvider ?? TimeProvider.System;
        _preprocessor = new Preprocessor(model.Description);
        _postprocessor = new Postprocessor(
            model.Description,
            Options.ScoreThreshold,
            Options.IouThreshold,
            Options.MaxDetections);
        _maxBatchSize = model.IsBatchFixed ? 1 : Options.MaxBatchSize;
        _threads = Options.DecodeThreads == 0 ? Environment.ProcessorCount : Options.DecodeThreads;
    }

    /// <summary>The model.</summary>
    public NanodetModel Model { get; }

    /// <summary>The options.</summary>
    public DetectorOptions Options { get; }

    /// <summary>Detects one image.</summary>
    /// <inheritdoc cref="Detect(IReadOnlyList{ReadOnlyMemory{byte}}, CancellationToken)"/>
    public DetectionOutcome Detect(ReadOnlyMemory<byte> image, CancellationToken cancellationToken = default) =>
        Detect([image], cancellationToken)[0];

    /// <summary>
    /// Detects images: decodes and warps them in parallel, runs those of one tensor shape together, and keeps the caller's order.
    /// </summary>
    /// <param name="images">The bytes of one image file each.</param>
    /// <param name="cancellationToken">Looked at between images and between runs.</param>
    /// <returns>One outcome for each image, in the same order. An image that cannot be used has an error and disturbs no other.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory to decode: no fault of an image, worth another try.</exception>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">A run failed: no fault of an image, worth another try.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory for a batch: no fault of an image, worth another try.</exception>
    public IReadOnlyList<DetectionOutcome> Detect(
        IReadOnlyList<ReadOnlyMemory<byte>> images,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var outcomes = new DetectionOutcome[images.Count];
        using var batches = new ShapeBatches(Model, _maxBatchSize);
        for (var next = 0; next < images.Count;)
        {
            var chunk = ReadChunk(images, ref next, outcomes);
            try
            {
                Fill(chunk, images.Count - next, batches, outcomes, cancellationToken);
            }
            finally
            {
                chunk.ForEach(task => task.Dispose());
            }

            RunReady(batches, outcomes, cancellationToken);
        }

        batches.Close();
        RunReady(batches, outcomes, cancellationToken);
        return outcomes;
    }

    /// <summary>
    /// Takes the next images, as many as may be decoded at the same time: at most a batch, and together at most
    /// <see cref="ImageLimits.MaxPixels"/> unless it is one alone.
    /// </summary>
    private List<ImageTask> ReadChunk(IReadOnlyList<ReadOnlyMemory<byte>> images, ref int next, DetectionOutcome[] outcomes)
    {
        var chunk = new List<ImageTask>();
        var pixels = 0L;
        for (var limit = Math.Max(Options.MaxBatchSize, _threads); next < images.Count && chunk.Count < limit; next++)
        {
            try
            {
                var start = _time.GetTimestamp();
                var header = ImageHeader.Read(images[next].Span, Options.Limits);
                if (chunk.Count > 0 && pixels + header.Pixels > Options.Limits.MaxPixels)
                {
                    break;
                }

                pixels += header.Pixels;
                chunk.Add(new ImageTask(next, images[next], header) { DecodeMs = Milliseconds(start) });
            }
            catch (ImageException exception)
            {
                outcomes[next] = Failed(exception, default);
            }
        }

        return chunk;
    }

    /// <summary>Decodes a chunk, gives each image its slot, and writes the tensors.</summary>
    private void Fill(
        List<ImageTask> chunk,
        int later,
        ShapeBatches batches,
        DetectionOutcome[] outcomes,
        CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellationToken };
        ForEach(chunk, parallel, Decode);
        for (var i = 0; i < chunk.Count; i++)
        {
            var task = chunk[i];
            if (task.Failure is null)
            {
                batches.Assign(task, later + chunk.Count - i);
            }
            else
            {
                outcomes[task.Index] = Failed(task.Failure, new StageTimings(task.DecodeMs, 0, 0, 0));
            }
        }

        ForEach(chunk, parallel, Preprocess);
    }

    /// <summary>A parallel loop whose first exception comes out as it is, not in an aggregate.</summary>
    private static void ForEach(List<ImageTask> chunk, ParallelOptions parallel, Action<ImageTask> action)
    {
        if (chunk.Count <= 1 || parallel.MaxDegreeOfParallelism == 1)
        {
            foreach (var task in chunk)
            {
                parallel.CancellationToken.ThrowIfCancellationRequested();
                action(task);
            }

            return;
        }

        try
        {
            Parallel.ForEach(chunk, parallel, action);
        }
        catch (AggregateException exception)
        {
            ExceptionDispatchInfo.Throw(exception.InnerExceptions[0]);
        }
    }

    private void Decode(ImageTask task)
    {
        var start = _time.GetTimestamp();
        try
        {
            var reduction = Options.FastDecode ? Reduction.For(task.Header, Model.Description.Input) : 1;
            task.Pixels = ImageDecoder.Decode(task.Encoded.Span, task.Header, reduction);
            task.Geometry = InputGeometry.Create(task.Pixels.Width, task.Pixels.Height, Model.Description.Input);
        }
        catch (ImageException exception)
        {
            task.Failure = exception;
        }

        task.DecodeMs += Milliseconds(start);
    }

    private void Preprocess(ImageTask task)
    {
        if (task.Pixels is null || task.Batch is null)
        {
            return;
        }

        var start = _time.GetTimestamp();
        _preprocessor.Write(task.Pixels, task.Geometry, task.Batch.Tensor.Image(task.Slot));
        task.Dispose();
        task.PreprocessMs = Milliseconds(start);
    }

    private void RunReady(ShapeBatches batches, DetectionOutcome[] outcomes, CancellationToken cancellationToken)
    {
        while (batches.TryTake(out var batch))
        {
            using (batch)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Run(batch, outcomes);
            }
        }
    }

    private void Run(ShapeBatch batch, DetectionOutcome[] outcomes)
    {
        var size = batch.Tasks.Count;
        var start = _time.GetTimestamp();
        using var output = Model.Run(batch.Tensor, size);
        var inferenceMs = Milliseconds(start) / size;
        DetectionTelemetry.BatchFill.Record((double)size / _maxBatchSize);
        foreach (var task in batch.Tasks)
        {
            start = _time.GetTimestamp();
            var detections = _postprocessor.Process(output.Image(task.Slot), task.Geometry);
            outcomes[task.Index] = new DetectionOutcome
            {
                Width = task.Geometry.ImageWidth,
                Height = task.Geometry.ImageHeight,
                Detections = detections,
                BatchSize = size,
                Timings = new StageTimings(task.DecodeMs, task.PreprocessMs, inferenceMs, Milliseconds(start)),
            };
        }
    }

    private double Milliseconds(long start) => _time.GetElapsedTime(start).TotalMilliseconds;

    private static DetectionOutcome Failed(ImageException exception, StageTimings timings) => new()
    {
        Error = new DetectionError(exception.Code, exception.Message),
        Timings = timings,
    };
}
