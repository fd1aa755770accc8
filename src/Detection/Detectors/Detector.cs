using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Runtime.ExceptionServices;
using Nanodet.Detection.Description;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Preprocessing;
using Nanodet.Detection.Telemetry;

namespace Nanodet.Detection.Detectors;

/// <summary>
/// Images in, detections out: the one door to a NanoDet model. Keeps no state between calls, so that one detector may serve any number of
/// threads at the same time.
/// </summary>
/// <remarks>
/// <para>
/// An image that cannot be used is no exception: its <see cref="DetectionOutcome"/> has an error, and the images beside it are detected.
/// Exceptions say that the machine or the model is at fault, or the call.
/// </para>
/// <para>
/// Boxes are in pixels of the image as people see it, after EXIF orientation, with the origin at the top left.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// using var detector = Detector.Load("nanodet-plus-m_416.onnx");
/// var outcome = detector.Detect(File.ReadAllBytes("photo.jpg"));
/// foreach (var found in outcome.Detections ?? [])
/// {
///     Console.WriteLine($"{found.ClassName} {found.Score:0.00} at {found.Box.X:0},{found.Box.Y:0}");
/// }
/// </code>
/// </example>
public sealed class Detector : IDisposable
{
    private const int StreamBuffer = 80 * 1024;

    private readonly TimeProvider _time;
    private readonly Preprocessor _preprocessor;
    private readonly Postprocessor _postprocessor;
    private readonly int _threads;
    private readonly bool _ownsModel;

    /// <summary>Prepares a detector over a model that the caller keeps and disposes. The model is not run yet.</summary>
    /// <param name="model">A loaded model; <see cref="Dispose"/> leaves it alone.</param>
    /// <param name="options">How to detect; null for the defaults.</param>
    /// <param name="timeProvider">The clock of the timings; null for the system's.</param>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    /// <exception cref="ModelLoadException"><see cref="ModelErrorCodes.NoDetections"/>.</exception>
    public Detector(NanodetModel model, DetectorOptions? options = null, TimeProvider? timeProvider = null)
        : this(model, options, timeProvider, ownsModel: false)
    {
    }

    private Detector(NanodetModel model, DetectorOptions? options, TimeProvider? timeProvider, bool ownsModel)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Description.Head == HeadKind.Raw)
        {
            throw new ModelLoadException(
                ModelErrorCodes.NoDetections,
                $"{model.Description.Name}: expected a head that detects, found SimpleConvHead, "
                + "whose output has no official post-processing.");
        }

        Options = options ?? new DetectorOptions();
        Options.Validate();
        Model = model;
        _ownsModel = ownsModel;
        _time = timeProvider ?? TimeProvider.System;
        _preprocessor = new Preprocessor(model.Description);
        _postprocessor = new Postprocessor(
            model.Description,
            Options.ScoreThreshold,
            Options.IouThreshold,
            Options.MaxDetections);
        MaxRunSize = Options.RunSizeOn(model);
        _threads = Options.DecodeThreads == 0 ? Environment.ProcessorCount : Options.DecodeThreads;
    }

    /// <summary>The model.</summary>
    public NanodetModel Model { get; }

    /// <summary>The options.</summary>
    public DetectorOptions Options { get; }

    /// <summary>The most images in one run: what the options say, or what fits the model and its provider.</summary>
    public int MaxRunSize { get; }

    /// <summary>
    /// Loads a model file, or the form of it that fits this machine where it has several (<see cref="NanodetModel.LoadBest"/>); the
    /// detector owns the model and disposes it.
    /// </summary>
    /// <param name="path">
    /// An ONNX file that Nanodet.Checkpoints made, or another export of NanoDet with its config beside it or in
    /// <see cref="ModelOptions.ConfigPath"/>.
    /// </param>
    /// <param name="options">How to detect; null for the defaults.</param>
    /// <param name="model">How to load, for example on which processor; null for the defaults.</param>
    /// <returns>A detector that is ready.</returns>
    /// <exception cref="ModelLoadException">The model cannot be used; see <see cref="ModelErrorCodes"/>.</exception>
    /// <exception cref="EnvironmentException">
    /// ONNX Runtime's native library is missing or cannot be used, or there is too little memory. The message names the package to add.
    /// </exception>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public static Detector Load(string path, DetectorOptions? options = null, ModelOptions? model = null) =>
        Own(NanodetModel.LoadBest(path, model), options);

    /// <summary>Loads a model from memory; the detector owns the model and disposes it.</summary>
    /// <param name="onnx">The bytes of an ONNX file; not needed any more afterwards.</param>
    /// <param name="options">How to detect; null for the defaults.</param>
    /// <param name="model">How to load; null for the defaults.</param>
    /// <inheritdoc cref="Load(string, DetectorOptions, ModelOptions)"/>
    public static Detector Load(byte[] onnx, DetectorOptions? options = null, ModelOptions? model = null) =>
        Own(NanodetModel.Load(onnx, model), options);

    /// <summary>Detects one image file.</summary>
    /// <param name="encoded">
    /// The bytes of a JPEG, PNG, BMP, WebP, GIF or TIFF file, at most <see cref="ImageLimits.MaxBytes"/>; only read during the call.
    /// </param>
    /// <param name="cancellationToken">Looked at between decoding and the run.</param>
    /// <returns>Detections, or the error of an image that cannot be used.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="EnvironmentException">
    /// libvips is missing or cannot be used: no fault of the image. The message names the package to add.
    /// </exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory to decode: no fault of the image, worth another try.</exception>
    /// <exception cref="InsufficientMemoryException">
    /// There is not enough memory for the run: no fault of the image, worth another try.
    /// </exception>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">
    /// The run failed: no fault of the image, worth another try.
    /// </exception>
    public DetectionOutcome Detect(ReadOnlySpan<byte> encoded, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = _time.GetTimestamp();
        ImageHeader header;
        try
        {
            header = ImageHeader.Read(encoded, Options.Limits);
        }
        catch (ImageException exception)
        {
            return Failed(exception, default);
        }

        using var task = new ImageTask(0, default, header) { DecodeMs = Milliseconds(start) };
        Decode(task, encoded);
        return Finish(task, cancellationToken);
    }

    /// <summary>Detects one image file that is read from where the stream stands to its end. The stream is not closed.</summary>
    /// <param name="encoded">
    /// A JPEG, PNG, BMP, WebP, GIF or TIFF file. No more is read than <see cref="ImageLimits.MaxBytes"/> and one buffer: a longer stream
    /// gives the error <see cref="ImageErrorCodes.TooLarge"/>.
    /// </param>
    /// <param name="cancellationToken">Looked at between reads, and between decoding and the run.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <inheritdoc cref="Detect(ReadOnlySpan{byte}, CancellationToken)"/>
    public DetectionOutcome Detect(Stream encoded, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        using var file = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(StreamBuffer);
        try
        {
            while (encoded.Read(buffer, 0, StreamBuffer) is > 0 and var count)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (file.Length + count > Options.Limits.MaxBytes)
                {
                    return Failed(Options.Limits.TooLarge("more"), default);
                }

                file.Write(buffer, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Detect(file.GetBuffer().AsSpan(0, (int)file.Length), cancellationToken);
    }

    /// <summary>
    /// Detects one image that was decoded already, for example a frame of a camera. The result is the same as for a lossless file with the
    /// same pixels.
    /// </summary>
    /// <param name="bgr">
    /// Rows from top to bottom, pixels from left to right, 3 bytes each: blue, green, red, 0 to 255. Copied, and only read during the call.
    /// </param>
    /// <param name="width">Columns, in pixels, at least 1.</param>
    /// <param name="height">Rows, in pixels, at least 1.</param>
    /// <param name="stride">
    /// Bytes from the beginning of a row to that of the next, at least 3 times <paramref name="width"/>. The last row may end after its
    /// pixels.
    /// </param>
    /// <param name="cancellationToken">Looked at before the run.</param>
    /// <returns>
    /// Detections, or the error <see cref="ImageErrorCodes.TooManyPixels"/> for more than <see cref="ImageLimits.MaxPixels"/> or a side of
    /// more than <see cref="ImageLimits.MaxSide"/>.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">A size is less than it has to be.</exception>
    /// <exception cref="ArgumentException"><paramref name="bgr"/> has fewer bytes than the sizes say.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory for the copy: worth another try.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory for the run: worth another try.</exception>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">The run failed: worth another try.</exception>
    public DetectionOutcome DetectPixels(
        ReadOnlySpan<byte> bgr, int width, int height, int stride, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, (long)PixelBuffer.Channels * width);
        var needed = ((long)stride * (height - 1)) + ((long)PixelBuffer.Channels * width);
        if (bgr.Length < needed)
        {
            throw new ArgumentException($"Expected at least {needed} bytes for {width}x{height} pixels, found {bgr.Length}.", nameof(bgr));
        }

        cancellationToken.ThrowIfCancellationRequested();
        var start = _time.GetTimestamp();
        try
        {
            Options.Limits.RequirePixels(null, width, height);
        }
        catch (ImageException exception)
        {
            return Failed(exception, default);
        }

        using var task = new ImageTask(0, default, default) { Pixels = DecodedImage.Copy(bgr, width, height, stride) };
        task.Geometry = InputGeometry.Create(width, height, Model.Description.Input);
        task.DecodeMs = Milliseconds(start);
        return Finish(task, cancellationToken);
    }

    /// <summary>
    /// Detects image files: decodes and warps them in parallel, runs those of one tensor shape together, and keeps the caller's order.
    /// </summary>
    /// <param name="images">The bytes of one image file each.</param>
    /// <param name="cancellationToken">Looked at between images and between runs.</param>
    /// <returns>One outcome for each image, in the same order. An image that cannot be used has an error and disturbs no other.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="EnvironmentException">
    /// libvips is missing or cannot be used: no fault of an image. The message names the package to add.
    /// </exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory to decode: no fault of an image, worth another try.</exception>
    /// <exception cref="InsufficientMemoryException">
    /// There is not enough memory for a run: no fault of an image, worth another try.
    /// </exception>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">A run failed: no fault of an image, worth another try.</exception>
    public IReadOnlyList<DetectionOutcome> Detect(
        IReadOnlyList<ReadOnlyMemory<byte>> images,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var outcomes = new DetectionOutcome[images.Count];
        using var runs = new ShapeRuns(Model, MaxRunSize);
        for (var next = 0; next < images.Count;)
        {
            var chunk = ReadChunk(images, ref next, outcomes);
            try
            {
                Fill(chunk, images.Count - next, runs, outcomes, cancellationToken);
            }
            finally
            {
                chunk.ForEach(task => task.Dispose());
            }

            RunReady(runs, outcomes, cancellationToken);
        }

        runs.Close();
        RunReady(runs, outcomes, cancellationToken);
        return outcomes;
    }

    /// <summary>
    /// Detects image files as they come, for any number of them: reads ahead while the model runs, and no further than that. The source is
    /// asked for at most twice <see cref="DetectorOptions.MaxRunSize"/> images, and one, beyond those whose outcomes were taken.
    /// </summary>
    /// <param name="images">
    /// The bytes of one image file each, left as they are until the image's outcome is there. Whatever it throws comes out here, after the
    /// outcomes of the images before.
    /// </param>
    /// <param name="cancellationToken">Handed to the source, and looked at between images and between runs.</param>
    /// <returns>
    /// One outcome for each image, in the same order. An image that cannot be used has an error and disturbs no other. What is there runs
    /// together: no image waits for later ones. The source is disposed before the enumeration ends.
    /// </returns>
    /// <inheritdoc cref="Detect(IReadOnlyList{ReadOnlyMemory{byte}}, CancellationToken)" path="/exception"/>
    public IAsyncEnumerable<DetectionOutcome> DetectAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> images,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return DetectionStream.RunAsync(this, images, cancellationToken);
    }

    /// <summary>
    /// Disposes the model of a detector that <c>Load</c> made; a caller's model stays. Waits for no call that is under way.
    /// </summary>
    public void Dispose()
    {
        if (_ownsModel)
        {
            Model.Dispose();
        }
    }

    private static Detector Own(NanodetModel model, DetectorOptions? options)
    {
        try
        {
            return new Detector(model, options, timeProvider: null, ownsModel: true);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes the next images, as many as may be decoded at the same time: at most a run, and together at most
    /// <see cref="ImageLimits.MaxPixels"/> unless it is one alone.
    /// </summary>
    private List<ImageTask> ReadChunk(IReadOnlyList<ReadOnlyMemory<byte>> images, ref int next, DetectionOutcome[] outcomes)
    {
        var chunk = new List<ImageTask>();
        var pixels = 0L;
        for (var limit = Math.Max(MaxRunSize, _threads); next < images.Count && chunk.Count < limit; next++)
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
        ShapeRuns runs,
        DetectionOutcome[] outcomes,
        CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellationToken };
        ForEach(chunk, parallel, task => Decode(task, task.Encoded.Span));
        for (var i = 0; i < chunk.Count; i++)
        {
            var task = chunk[i];
            if (task.Failure is null)
            {
                runs.Assign(task, later + chunk.Count - i);
            }
            else
            {
                outcomes[task.Index] = Failed(task.Failure, new StageTimings(task.DecodeMs, 0, 0, 0));
            }
        }

        ForEach(chunk, parallel, Preprocess);
    }

    /// <summary>A parallel loop whose first exception comes out as it is, not in an aggregate.</summary>
    private static void ForEach(IReadOnlyList<ImageTask> chunk, ParallelOptions parallel, Action<ImageTask> action)
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

    /// <summary>Runs an image alone.</summary>
    private DetectionOutcome Finish(ImageTask task, CancellationToken cancellationToken)
    {
        if (task.Failure is not null)
        {
            return Failed(task.Failure, new StageTimings(task.DecodeMs, 0, 0, 0));
        }

        cancellationToken.ThrowIfCancellationRequested();
        using var run = new ShapeRun(Model.Rent(1, task.Geometry.TensorHeight, task.Geometry.TensorWidth));
        run.Add(task);
        Preprocess(task);
        var outcomes = new DetectionOutcome[1];
        Run(run, outcomes);
        return outcomes[0];
    }

    private void Decode(ImageTask task, ReadOnlySpan<byte> encoded)
    {
        var start = _time.GetTimestamp();
        try
        {
            var reduction = Options.FastDecode ? Reduction.For(task.Header, Model.Description.Input) : 1;
            task.Pixels = ImageDecoder.Decode(encoded, task.Header, reduction);
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
        if (task.Pixels is null || task.Run is null)
        {
            return;
        }

        var start = _time.GetTimestamp();
        _preprocessor.Write(task.Pixels, task.Geometry, task.Run.Tensor.Image(task.Slot));
        task.Dispose();
        task.PreprocessMs = Milliseconds(start);
    }

    private void RunReady(ShapeRuns runs, DetectionOutcome[] outcomes, CancellationToken cancellationToken)
    {
        while (runs.TryTake(out var run))
        {
            using (run)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Run(run, outcomes);
            }
        }
    }

    private void Run(ShapeRun run, DetectionOutcome[] outcomes)
    {
        var size = run.Tasks.Count;
        var start = _time.GetTimestamp();
        using var output = Model.Run(run.Tensor, size);
        var inferenceMs = Milliseconds(start) / size;
        DetectionTelemetry.BatchFill.Record((double)size / MaxRunSize);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = _threads };
        ForEach(run.Tasks, parallel, task =>
        {
            var start = _time.GetTimestamp();
            var detections = _postprocessor.Process(output.Image(task.Slot), task.Geometry);
            outcomes[task.Index] = new DetectionOutcome
            {
                Width = task.Geometry.ImageWidth,
                Height = task.Geometry.ImageHeight,
                Detections = detections,
                RunSize = size,
                Timings = new StageTimings(task.DecodeMs, task.PreprocessMs, inferenceMs, Milliseconds(start)),
            };
        });
    }

    private double Milliseconds(long start) => _time.GetElapsedTime(start).TotalMilliseconds;

    private static DetectionOutcome Failed(ImageException exception, StageTimings timings) => new()
    {
        Error = new DetectionError(exception.Code, exception.Message),
        Timings = timings,
    };
}
