using System.Buffers;
using System.ComponentModel.DataAnnotations;
using Nanodet.Detection.Description;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Detection.Detectors;

/// <summary>
/// Images in, detections out: the one door to a NanoDet model. One detector may serve any number of threads at the same time: it remembers
/// nothing of a call, but that runs have to be smaller, and that its model was loaded again.
/// </summary>
/// <remarks>
/// <para>
/// An image that cannot be used is no exception: its <see cref="DetectionOutcome"/> has an error, and the images beside it are detected.
/// Exceptions say that the machine or the model is at fault, or the call.
/// </para>
/// <para>
/// Where the memory is too little for several images at a time, they are tried again in halves, and later runs stay as small. A session
/// that the GPU has lost is made again, once for a call, by a detector that <c>Load</c> made; a caller's model is the caller's to load.
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
    private readonly DetectionSteps _steps;
    private readonly RenewableModel _model;
    private readonly RunHalving _sizes;

    /// <summary>Prepares a detector over a model that the caller keeps and disposes. The model is not run yet.</summary>
    /// <param name="model">A loaded model; <see cref="Dispose"/> leaves it alone.</param>
    /// <param name="options">How to detect; null for the defaults.</param>
    /// <param name="timeProvider">The clock of the timings; null for the system's.</param>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    /// <exception cref="ModelLoadException"><see cref="ModelErrorCodes.NoDetections"/>.</exception>
    /// <exception cref="FilterException"><see cref="FilterErrorCodes.UnknownClass"/>.</exception>
    public Detector(NanodetModel model, DetectorOptions? options = null, TimeProvider? timeProvider = null)
        : this(model, options, timeProvider, reload: null)
    {
    }

    /// <summary>Prepares a detector that owns its model.</summary>
    /// <param name="model">The model; disposed here.</param>
    /// <param name="options">How to detect; null for the defaults.</param>
    /// <param name="timeProvider">The clock of the timings; null for the system's.</param>
    /// <param name="reload">Loads the model once more; null where it belongs to the caller.</param>
    internal Detector(NanodetModel model, DetectorOptions? options, TimeProvider? timeProvider, Func<NanodetModel>? reload)
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
        _model = new RenewableModel(model, reload);
        _time = timeProvider ?? TimeProvider.System;
        _steps = new DetectionSteps(model.Description, Options, _time);
        var maxRunSize = Options.RunSizeOn(model);
        _sizes = new RunHalving(maxRunSize, Math.Max(maxRunSize, _steps.Threads));
    }

    /// <summary>The model: another one of the same file once the session was made again.</summary>
    public NanodetModel Model => _model.Current;

    /// <summary>The options.</summary>
    public DetectorOptions Options { get; }

    /// <summary>
    /// The most images in one run: what the options say, or what fits the model and its provider; fewer once the memory was too little.
    /// </summary>
    public int MaxRunSize => _sizes.MaxRunSize;

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
        Own(() => NanodetModel.LoadBest(path, model), options);

    /// <summary>Loads a model from memory; the detector owns the model and disposes it.</summary>
    /// <param name="onnx">The bytes of an ONNX file; kept, and to be left as they are, so that a lost session can be made again.</param>
    /// <param name="options">How to detect; null for the defaults.</param>
    /// <param name="model">How to load; null for the defaults.</param>
    /// <inheritdoc cref="Load(string, DetectorOptions, ModelOptions)"/>
    public static Detector Load(byte[] onnx, DetectorOptions? options = null, ModelOptions? model = null) =>
        Own(() => NanodetModel.Load(onnx, model), options);

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
        var bytes = encoded;
        ImageHeader header;
        try
        {
            bytes = GzipImage.Unpack(encoded, Options.Limits);
            header = ImageHeader.Read(bytes, Options.Limits);
        }
        catch (ImageException exception)
        {
            return DetectionSteps.Failed(exception, default);
        }

        var isPacked = GzipImage.Looks(encoded);
        var readMs = _steps.Milliseconds(start);
        var model = Model;
        try
        {
            return DetectAlone(bytes, header, isPacked, readMs, model, cancellationToken);
        }
        catch (Exception exception) when (_model.MayRenew(model, exception))
        {
            _model.Renew(model, exception);
        }

        return DetectAlone(bytes, header, isPacked, readMs, Model, cancellationToken);
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
                    return DetectionSteps.Failed(Options.Limits.TooLarge("more"), default);
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
            return DetectionSteps.Failed(exception, default);
        }

        var model = Model;
        try
        {
            return DetectAlone(bgr, width, height, stride, start, model, cancellationToken);
        }
        catch (Exception exception) when (_model.MayRenew(model, exception))
        {
            _model.Renew(model, exception);
        }

        return DetectAlone(bgr, width, height, stride, start, Model, cancellationToken);
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
        return DetectNamed(images, names: null, cancellationToken);
    }

    /// <summary>Detects image files whose names decide on the regions that <see cref="DetectorOptions.Filter"/> gives them.</summary>
    /// <param name="images">The bytes of one image file each.</param>
    /// <param name="names">A name for each image, in the same order.</param>
    /// <param name="cancellationToken">Looked at between images and between runs.</param>
    /// <exception cref="ArgumentException">There are more names than images, or fewer.</exception>
    /// <inheritdoc cref="Detect(IReadOnlyList{ReadOnlyMemory{byte}}, CancellationToken)"/>
    public IReadOnlyList<DetectionOutcome> Detect(
        IReadOnlyList<ReadOnlyMemory<byte>> images,
        IReadOnlyList<string> names,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(names);
        return names.Count == images.Count
            ? DetectNamed(images, names, cancellationToken)
            : throw new ArgumentException($"Expected a name for each of {images.Count} images, found {names.Count}.", nameof(names));
    }

    private DetectionOutcome[] DetectNamed(
        IReadOnlyList<ReadOnlyMemory<byte>> images, IReadOnlyList<string>? names, CancellationToken cancellationToken)
    {
        var opened = new EncodedImage[images.Count];
        for (var i = 0; i < opened.Length; i++)
        {
            opened[i] = new EncodedImage(images[i], names?[i]);
        }

        var outcomes = new DetectionOutcome?[opened.Length];
        var mayRenew = true;
        while (true)
        {
            var model = Model;
            try
            {
                DetectOpen(opened, outcomes, model, cancellationToken);
                return outcomes!;
            }
            catch (Exception exception) when (_sizes.TryHalve(exception, Math.Max(outcomes.Count(outcome => outcome is null), LeastTasks)))
            {
                // What is left is tried in halves.
            }
            catch (Exception exception) when (mayRenew && _model.MayRenew(model, exception))
            {
                mayRenew = false;
                _model.Renew(model, exception);
            }
        }
    }

    /// <summary>Detects image files for a batcher, which has its own way with faults: any of them comes out.</summary>
    /// <returns>One outcome for each image, in the same order.</returns>
    internal IReadOnlyList<DetectionOutcome> DetectRun(IReadOnlyList<EncodedImage> images, CancellationToken cancellationToken)
    {
        var outcomes = new DetectionOutcome?[images.Count];
        while (true)
        {
            try
            {
                DetectOpen(images, outcomes, Model, cancellationToken);
                return outcomes!;
            }
            catch (Exception exception) when (images.Count == 1 && Options.Slices is not null && _sizes.TryHalve(exception, LeastTasks))
            {
                // A batcher halves its images; the tiles of one image are halved here.
            }
        }
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
    public void Dispose() => _model.Dispose();

    private static Detector Own(Func<NanodetModel> load, DetectorOptions? options)
    {
        var model = load();
        try
        {
            return new Detector(model, options, timeProvider: null, load);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Detects the images that have no outcome yet.</summary>
    private void DetectOpen(
        IReadOnlyList<EncodedImage> images, DetectionOutcome?[] outcomes, NanodetModel model, CancellationToken cancellationToken)
    {
        using var pass = new DetectionPass(_steps, model, MaxRunSize, outcomes, cancellationToken);
        pass.Run(images, _sizes.AtOnce);
    }

    /// <summary>Tensors that one image alone may take: several where it is sliced, so that fewer at a time may help.</summary>
    private int LeastTasks => Options.Slices is null ? 1 : MaxRunSize;

    private DetectionOutcome DetectAlone(
        ReadOnlySpan<byte> bytes,
        ImageHeader header,
        bool isPacked,
        double readMs,
        NanodetModel model,
        CancellationToken cancellationToken)
    {
        using var task = new ImageTask(0, default, header, isPacked) { DecodeMs = readMs };
        task.Share = _steps.Share(DetectionSteps.NeedOf(header, bytes.Length, isPacked), cancellationToken);
        _steps.Decode(task, bytes);
        return Finish(task, model, cancellationToken);
    }

    private DetectionOutcome DetectAlone(
        ReadOnlySpan<byte> bgr,
        int width,
        int height,
        int stride,
        long start,
        NanodetModel model,
        CancellationToken cancellationToken)
    {
        using var task = new ImageTask(0, default, default, wasPacked: false);
        task.Share = _steps.Share((long)PixelBuffer.Channels * width * height, cancellationToken);
        task.Pixels = DecodedImage.Copy(bgr, width, height, stride);
        task.Geometry = InputGeometry.Create(width, height, model.Description.Input);
        task.DecodeMs = _steps.Milliseconds(start);
        return Finish(task, model, cancellationToken);
    }

    /// <summary>Runs an image alone.</summary>
    private DetectionOutcome Finish(ImageTask task, NanodetModel model, CancellationToken cancellationToken)
    {
        var outcomes = new DetectionOutcome?[1];
        while (true)
        {
            try
            {
                using var pass = new DetectionPass(_steps, model, MaxRunSize, outcomes, cancellationToken);
                pass.RunAlone(task);
                return outcomes[0]!;
            }
            catch (Exception exception) when (Options.Slices is not null && _sizes.TryHalve(exception, LeastTasks))
            {
                // The tiles are tried in smaller runs.
            }
        }
    }
}
