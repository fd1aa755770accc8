using Nanodet.Detection.Detectors;
using Nanodet.Detection.Evaluation;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Evaluation;

/// <summary>A data set that a model, or a file of detections, is measured on.</summary>
/// <param name="dataset">The images and their objects.</param>
/// <param name="folder">Where the images are.</param>
/// <param name="keeps">Whether the detections of each image are kept, for a report.</param>
internal sealed class EvaluationRun(CocoDataset dataset, DirectoryInfo folder, bool keeps)
{
    private readonly List<EvaluatedImage> _images = [];
    private readonly List<string> _missing = [];

    /// <summary>The numbers.</summary>
    public CocoEvaluator Evaluator { get; } = new();

    /// <summary>The images that were evaluated, in their order; none where they are not kept.</summary>
    public IReadOnlyList<EvaluatedImage> Images => _images;

    /// <summary>Images that the folder does not hold, or that cannot be read.</summary>
    public IReadOnlyList<string> Missing => _missing;

    /// <summary>Detects the images.</summary>
    /// <param name="detector">The model.</param>
    /// <param name="categories">The category of each class.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task DetectAsync(
        Detector detector, IReadOnlyList<int> categories, StepProgress progress, CancellationToken cancellationToken)
    {
        foreach (var chunk in dataset.Images.Chunk(detector.MaxRunSize))
        {
            await DetectAsync(detector, categories, chunk, cancellationToken);
            progress.Report(
                $"evaluating, {Evaluator.Images} of {dataset.Images.Count}", Evaluator.Images + _missing.Count, dataset.Images.Count);
        }

        if (Evaluator.Images == 0)
        {
            throw new CliException(
                "no_images",
                $"{folder} holds none of the {dataset.Images.Count} images of the annotations, such as {dataset.Images[0].FileName}.");
        }
    }

    /// <summary>Takes detections of a file for the images that another run has evaluated.</summary>
    /// <param name="other">The other run, which kept its images.</param>
    /// <param name="detections">By image id.</param>
    /// <param name="threshold">The score above which detections count, as it does for a model.</param>
    public void Take(EvaluationRun other, ILookup<long, CocoDetection> detections, float threshold)
    {
        foreach (var image in other.Images)
        {
            Add(image.Image, image.Path, [.. detections[image.Image.Id].Where(found => found.Score > threshold)]);
        }
    }

    private async Task DetectAsync(
        Detector detector, IReadOnlyList<int> categories, CocoImage[] images, CancellationToken cancellationToken)
    {
        var found = new List<(CocoImage Image, string Path, ReadOnlyMemory<byte> Encoded)>();
        foreach (var image in images)
        {
            if (Locate(image) is not { } path)
            {
                _missing.Add(image.FileName);
                continue;
            }

            var (content, problem) = await ImageFileReader.TryReadAsync(path, detector.Options.Limits.MaxBytes, cancellationToken);
            if (content is null)
            {
                _missing.Add($"{image.FileName}: {problem}");
            }
            else
            {
                found.Add((image, path, content.Bytes));
            }
        }

        var outcomes = detector.Detect(
            [.. found.Select(item => item.Encoded)], [.. found.Select(item => item.Image.FileName)], cancellationToken);
        foreach (var ((image, path, _), outcome) in found.Zip(outcomes))
        {
            if (outcome.Succeeded)
            {
                Add(image, path, [.. outcome.Detections.Select(detection => new CocoDetection(
                    categories[detection.ClassId],
                    detection.Score,
                    new CocoBox(detection.Box.X, detection.Box.Y, detection.Box.Width, detection.Box.Height)))]);
            }
            else
            {
                _missing.Add($"{image.FileName}: {outcome.Error.Code}");
            }
        }
    }

    private void Add(CocoImage image, string path, IReadOnlyList<CocoDetection> detections)
    {
        // Classes that the data set does not have are left out.
        detections = [.. detections.Where(found => found.CategoryId >= 0)];
        Evaluator.Add(image.Truths, detections);
        if (keeps)
        {
            _images.Add(new EvaluatedImage(image, path, detections));
        }
    }

    /// <summary>The image by its file name, else by its id, as some copies of the data set name their files.</summary>
    private string? Locate(CocoImage image)
    {
        var named = Path.GetFullPath(Path.Combine(folder.FullName, image.FileName));
        var numbered = Path.Combine(folder.FullName, $"{image.Id}{Path.GetExtension(image.FileName)}");
        var root = Path.TrimEndingDirectorySeparator(folder.FullName) + Path.DirectorySeparatorChar;
        return named.StartsWith(root, StringComparison.Ordinal) && File.Exists(named) ? named : File.Exists(numbered) ? numbered : null;
    }
}
