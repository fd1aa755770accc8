using Nanodet.Detection.Description;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Detection.Detectors;

/// <summary>
/// What is done with an image before and after its run, and how long it takes: the same for every call of a detector. Safe to call from
/// several threads.
/// </summary>
internal sealed class DetectionSteps
{
    private readonly TimeProvider _time;
    private readonly ModelInput _input;
    private readonly Preprocessor _preprocessor;
    private readonly Postprocessor _postprocessor;
    private readonly int _most;

    /// <summary>Prepares the steps.</summary>
    /// <param name="description">The model's; a model that is loaded again has the same.</param>
    /// <param name="options">How to detect.</param>
    /// <param name="time">The clock of the timings.</param>
    internal DetectionSteps(ModelDescription description, DetectorOptions options, TimeProvider time)
    {
        (Options, _time, _input) = (options, time, description.Input);
        _preprocessor = new Preprocessor(description);

        // What lies outside of the regions must not count against the most detections of an image.
        _most = options.Filter is { Regions.Count: > 0 } ? int.MaxValue : options.MaxDetections;
        _postprocessor = new Postprocessor(
            description,
            options.ScoreThreshold,
            options.IouThreshold,
            _most,
            options.Filter?.ThresholdsFor(description.ClassNames, options.ScoreThreshold));
        Threads = options.DecodeThreads == 0 ? Environment.ProcessorCount : options.DecodeThreads;
        Uncancelled = new ParallelOptions { MaxDegreeOfParallelism = Threads };
    }

    /// <summary>How to detect.</summary>
    internal DetectorOptions Options { get; }

    /// <summary>Images that are decoded, or whose outputs are read, at the same time.</summary>
    internal int Threads { get; }

    /// <summary>Options of a loop that goes to its end.</summary>
    internal ParallelOptions Uncancelled { get; }

    /// <summary>Memory for an image, in bytes; that of unpacked bytes is the detector's, too.</summary>
    internal static long NeedOf(ImageHeader header, int bytes, bool isPacked) =>
        header.DecodingBytes(bytes) + (isPacked ? bytes : 0);

    /// <summary>The outcome of an image that cannot be used.</summary>
    internal static DetectionOutcome Failed(ImageException exception, StageTimings timings) => new()
    {
        Error = new DetectionError(exception.Code, exception.Message),
        Timings = timings,
    };

    /// <summary>The outcome of a task that has a failure.</summary>
    internal static DetectionOutcome Failed(ImageTask task) => Failed(task.Failure!, new StageTimings(task.DecodeMs, 0, 0, 0));

    /// <summary>Waits for memory to decode in; it is disposed when the pixels are.</summary>
    internal DecodingShare Share(long bytes, CancellationToken cancellationToken) =>
        DecodingBudget.OfProcess.Take(bytes, Options.Limits.MaxDecodingBytes, cancellationToken);

    /// <summary>Milliseconds since a timestamp.</summary>
    internal double Milliseconds(long start) => _time.GetElapsedTime(start).TotalMilliseconds;

    /// <summary>A timestamp.</summary>
    internal long Now() => _time.GetTimestamp();

    /// <summary>Decodes; what is wrong with the image is noted in its task.</summary>
    internal void Decode(ImageTask task, ReadOnlySpan<byte> encoded)
    {
        var start = Now();
        try
        {
            var reduction = Options.FastDecode && Options.Slices is null ? Reduction.For(task.Header, _input) : 1;
            task.Pixels = ImageDecoder.Decode(encoded, task.Header, reduction);
            task.Geometry = InputGeometry.Create(task.Pixels.Width, task.Pixels.Height, _input);
        }
        catch (ImageException exception)
        {
            task.Failure = exception;
        }

        task.DecodeMs += Milliseconds(start);
    }

    /// <summary>Writes the tensor of a task that has its slot, and lets the pixels of a whole image go.</summary>
    internal void Preprocess(ImageTask task)
    {
        if (task.Run is null || (task.Pixels is null && task.Part is null))
        {
            return;
        }

        var start = Now();
        var tensor = task.Run.Tensor.Image(task.Slot);
        if (task.Part is { } part)
        {
            _preprocessor.Write(part.Rows(), reduction: 1, task.Geometry, tensor);
        }
        else
        {
            _preprocessor.Write(task.Pixels!, task.Geometry, tensor);
            task.Dispose();
        }

        task.PreprocessMs = Milliseconds(start);
    }

    /// <summary>Reads the output of a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="output">The model's output.</param>
    /// <param name="size">Images and tiles of its run.</param>
    /// <param name="inferenceMs">Its share of the run, in milliseconds.</param>
    /// <returns>The outcome of the image; null while other tiles of it are missing.</returns>
    internal DetectionOutcome? Postprocess(ImageTask task, ModelOutput output, int size, double inferenceMs)
    {
        var start = Now();
        var detections = _postprocessor.Process(output.Image(task.Slot), task.Geometry);
        if (task.Part is { } part)
        {
            return part.Image.Add(task, detections, size, inferenceMs, Milliseconds(start)) ? Merge(part.Image) : null;
        }

        if (_most > Options.MaxDetections)
        {
            detections = Options.Filter!.Keep(
                detections, task.Name, task.Geometry.ImageWidth, task.Geometry.ImageHeight, Options.MaxDetections);
        }

        return new DetectionOutcome
        {
            Width = task.Geometry.ImageWidth,
            Height = task.Geometry.ImageHeight,
            Detections = detections,
            Notes = task.Notes,
            RunSize = size,
            Timings = new StageTimings(task.DecodeMs, task.PreprocessMs, inferenceMs, Milliseconds(start)),
        };
    }

    /// <summary>The outcome of an image whose tiles are all there.</summary>
    private DetectionOutcome Merge(SlicedImage image)
    {
        var start = Now();
        var detections = image.Merge(Options.Slices!, Options.IouThreshold, _most);
        if (_most > Options.MaxDetections || detections.Length > Options.MaxDetections)
        {
            var geometry = image.Task.Geometry;
            detections = Options.Filter is { } filter
                ? filter.Keep(detections, image.Task.Name, geometry.ImageWidth, geometry.ImageHeight, Options.MaxDetections)
                : detections[..Options.MaxDetections];
        }

        return image.ToOutcome(detections, Milliseconds(start));
    }
}
