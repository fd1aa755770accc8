using Nanodet.Detection.Annotation;
using Nanodet.Detection.Batching;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>
/// Detects images of the file system, and writes their results in the order of the images. Files are read and results written while
/// others are detected, several at a time. What fails for several at a time, such as memory, is tried again with an image alone.
/// </summary>
/// <param name="detector">Detects. On the CPU as many images at a time as its model was loaded for.</param>
/// <param name="lanes">Images at a time on the CPU, at least 1.</param>
/// <param name="files">The images.</param>
/// <param name="output">Where results go.</param>
/// <param name="annotate">Whether pictures with boxes are drawn.</param>
/// <param name="kept">Results that stand already; null where every image is detected.</param>
/// <param name="tally">Counts the images.</param>
/// <param name="clock">The time of the results.</param>
internal sealed class FolderDetection(
    Detector detector,
    int lanes,
    ImageFiles files,
    IResultOutput output,
    bool annotate,
    KeptResults? kept,
    DetectTally tally,
    TimeProvider clock) : IAsyncDisposable
{
    /// <summary>Encoded bytes that are in memory together, unless one image has more.</summary>
    private const long MostBytes = 256L << 20;

    /// <summary>Images that are in memory together: enough for several runs of 64 on a GPU.</summary>
    private const int MostImages = 256;

    /// <summary>Faults after which images are detected one after the other.</summary>
    private const int MostFaults = 3;

    // A look at results that are kept costs little; so many of them are worth a word.
    private const int KeptEach = 1000;

    private readonly ProgressRate _rate = new(clock);
    private readonly Queue<ImageInWork> _inWork = [];
    private readonly CancellationTokenSource _stop = new();
    private DetectionBatcher? _batcher;
    private long _bytes;
    private int _faults;

    /// <summary>Detects all of them. One that cannot be read or used is a failure, and the others are detected.</summary>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it; results that are written stay.</param>
    public async Task RunAsync(StepProgress progress, CancellationToken cancellationToken)
    {
        await using var stopping = cancellationToken.Register(_stop.Cancel);
        foreach (var name in files.Files)
        {
            if (kept is not null && await kept.FindAsync(name, cancellationToken) is { } before)
            {
                tally.Add(before, isKept: true);
                if (tally.Kept % KeptEach == 0)
                {
                    Report(progress);
                }

                continue;
            }

            var (content, problem) = await ImageFileReader.TryReadAsync(
                Path.Combine(files.Root, name), detector.Options.Limits.MaxBytes, cancellationToken);
            var image = new ImageInWork(name, content, problem);
            image.Outcome = Begin(image);
            _inWork.Enqueue(image);
            _bytes += image.Length;
            while (_inWork.TryPeek(out var first)
                && (first.Outcome is not { IsCompleted: false } || _inWork.Count >= MostImages || _bytes >= MostBytes))
            {
                await FinishFirstAsync(cancellationToken);
                Report(progress);
            }
        }

        while (_inWork.Count > 0)
        {
            await FinishFirstAsync(cancellationToken);
            Report(progress);
        }
    }

    /// <summary>Ends what is in work; its results are not written.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await EndBatcherAsync();
        _stop.Dispose();
    }

    /// <summary>Writes the failure of a file that cannot be read.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="problem">Why.</param>
    /// <param name="output">Where results go.</param>
    /// <param name="clock">The time of the result.</param>
    /// <param name="cancellationToken">Cancels writing.</param>
    public static async Task<DetectedImage> FailAsync(
        string name, string problem, IResultOutput output, TimeProvider clock, CancellationToken cancellationToken)
    {
        var result = DetectionResult.CreateFailure(
            new DetectionError(ImageFileReader.Unreadable, problem), new ImageReference(null, name, null, 0), clock.GetUtcNow());
        return await output.WriteAsync(name, result, draw: null, cancellationToken);
    }

    private void Report(StepProgress progress) => progress.Report(
        _rate.Describe("detecting", tally.Total, files.Files.Count, tally.Kept), tally.Total, files.Files.Count);

    /// <summary>Begins to detect an image; null where that waits for its turn, or it could not be read.</summary>
    private Task<DetectionOutcome>? Begin(ImageInWork image) =>
        image.Content is { } content && _faults < MostFaults ? DetectAsync(image.Name, content) : null;

    private async Task<DetectionOutcome> DetectAsync(string name, ImageFileContent content)
    {
        _batcher ??= OpenBatcher();
        return await _batcher.DetectAsync(content.Bytes, name, detector.Options, _stop.Token);
    }

    private DetectionBatcher OpenBatcher() => new(
        detector,
        new BatchingOptions
        {
            // On a GPU the batcher knows better.
            Lanes = detector.Model.Provider.Name == ProviderSelection.Cpu ? lanes : 0,
            MaxRunSize = detector.Options.MaxRunSize,
            CalibrationTime = TimeSpan.Zero,
            QueueCapacity = MostImages,
        },
        timeProvider: clock);

    private DetectionOutcome DetectAlone(string name, ImageFileContent content, CancellationToken cancellationToken) =>
        detector.Detect([content.Bytes], [name], cancellationToken)[0];

    /// <summary>Waits for the image that was begun first, and writes its result.</summary>
    private async Task FinishFirstAsync(CancellationToken cancellationToken)
    {
        var image = _inWork.Dequeue();
        _bytes -= image.Length;
        if (image.Content is not { } content)
        {
            tally.Add(await FailAsync(image.Name, image.Problem!, output, clock, cancellationToken));
            return;
        }

        DetectionOutcome outcome;
        try
        {
            outcome = image.Outcome is { } begun ? await begun : DetectAlone(image.Name, content, cancellationToken);
        }
        catch (Exception exception) when (_faults < MostFaults && MayPass(exception))
        {
            var reason = (Failure.From(exception)?.Message ?? exception.Message).ReplaceLineEndings(" ");
            await Console.Error.WriteLineAsync($"note: {image.Name} is tried again alone: {reason}");
            outcome = await TryAloneAsync(image.Name, content, cancellationToken);
        }

        var reference = new ImageReference(null, image.Name, null, content.Length);
        var result = DetectionResult.Create(outcome, reference, detector, clock.GetUtcNow());
        tally.Add(await output.WriteAsync(
            image.Name,
            result,
            annotate && result.Detections is { } detections ? () => Task.FromResult(Draw(content, detections)) : null,
            cancellationToken));
    }

    /// <summary>Whether an image may be detected alone after this. A library that is missing or unusable stays so.</summary>
    private static bool MayPass(Exception exception) =>
        exception is not OperationCanceledException
        && EnvironmentFault.From(exception) is null or { Code: EnvironmentErrorCodes.OutOfMemory };

    /// <summary>
    /// Detects an image with nothing beside it, for which the detector may make its session again; what fails then is final. The others
    /// that failed are begun once more.
    /// </summary>
    private async Task<DetectionOutcome> TryAloneAsync(string name, ImageFileContent content, CancellationToken cancellationToken)
    {
        _faults++;
        await EndBatcherAsync();
        var outcome = DetectAlone(name, content, cancellationToken);
        foreach (var image in _inWork.Where(image => image.Outcome is { IsFaulted: true }))
        {
            image.Outcome = Begin(image);
        }

        return outcome;
    }

    private async Task EndBatcherAsync()
    {
        if (_batcher is { } batcher)
        {
            _batcher = null;
            await batcher.DisposeAsync();
        }
    }

    private ReadOnlyMemory<byte> Draw(ImageFileContent content, IReadOnlyList<DetectedObject> detections) =>
        Annotator.Annotate(content.Bytes.Span, detections, detector.Options.Limits);

    /// <summary>An image between reading and writing.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="content">Its bytes; null where it could not be read.</param>
    /// <param name="problem">Why it could not.</param>
    private sealed class ImageInWork(string name, ImageFileContent? content, string? problem)
    {
        public string Name => name;

        public ImageFileContent? Content => content;

        public string? Problem => problem;

        public long Length => content?.Bytes.Length ?? 0;

        /// <summary>Its outcome, some time; null where it is not begun.</summary>
        public Task<DetectionOutcome>? Outcome { get; set; }
    }
}
