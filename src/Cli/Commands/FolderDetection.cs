using Nanodet.Detection.Annotation;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Detects images of the file system, and writes their results.</summary>
/// <param name="detector">Detects.</param>
/// <param name="files">The images.</param>
/// <param name="output">Where results go.</param>
/// <param name="annotate">Whether pictures with boxes are drawn.</param>
/// <param name="kept">Results that stand already; null where every image is detected.</param>
/// <param name="tally">Counts the images.</param>
/// <param name="clock">The time of the results.</param>
internal sealed class FolderDetection(
    Detector detector,
    ImageFiles files,
    IResultOutput output,
    bool annotate,
    KeptResults? kept,
    DetectTally tally,
    TimeProvider clock)
{
    /// <summary>Encoded bytes that are in memory together, unless one image has more.</summary>
    private const long MostBytes = 256L << 20;

    // A look at results that are kept costs little; so many of them are worth a word.
    private const int KeptEach = 1000;

    private readonly ProgressRate _rate = new(clock);

    /// <summary>Detects all of them. One that cannot be read or used is a failure, and the others are detected.</summary>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it; results that are written stay.</param>
    public async Task RunAsync(StepProgress progress, CancellationToken cancellationToken)
    {
        var waiting = new List<(string Name, ImageFileContent? Content, string? Problem)>();
        var bytes = 0L;
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
            waiting.Add((name, content, problem));
            bytes += content?.Bytes.Length ?? 0;
            if (waiting.Count >= detector.MaxRunSize || bytes >= MostBytes)
            {
                await DetectAsync(waiting, cancellationToken);
                Report(progress);
                waiting.Clear();
                bytes = 0;
            }
        }

        await DetectAsync(waiting, cancellationToken);
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

    private async Task DetectAsync(
        List<(string Name, ImageFileContent? Content, string? Problem)> images, CancellationToken cancellationToken)
    {
        var outcomes = new Queue<DetectionOutcome>(detector.Detect(
            [.. images.Select(image => image.Content).OfType<ImageFileContent>().Select(content => content.Bytes)],
            [.. images.Where(image => image.Content is not null).Select(image => image.Name)],
            cancellationToken));
        foreach (var (name, content, problem) in images)
        {
            if (content is null)
            {
                tally.Add(await FailAsync(name, problem!, output, clock, cancellationToken));
                continue;
            }

            var reference = new ImageReference(null, name, null, content.Length);
            var result = DetectionResult.Create(outcomes.Dequeue(), reference, detector, clock.GetUtcNow());
            tally.Add(await output.WriteAsync(
                name,
                result,
                annotate && result.Detections is { } detections ? () => Task.FromResult(Draw(content, detections)) : null,
                cancellationToken));
        }
    }

    private ReadOnlyMemory<byte> Draw(ImageFileContent content, IReadOnlyList<DetectedObject> detections) =>
        Annotator.Annotate(content.Bytes.Span, detections, detector.Options.Limits);
}
