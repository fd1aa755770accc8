using Nanodet.Detection.Evaluation;

namespace Nanodet.Serverless.Cli.Evaluation;

/// <summary>What a model confuses, and in which images it errs most, where each class has a score threshold.</summary>
internal sealed class WorstImages
{
    private readonly ConfusionMatrix _matrix = new();
    private readonly PriorityQueue<(EvaluatedImage Image, IReadOnlyList<Mark> Marks), (int Errors, int Order)> _worst = new();
    private int _count;

    /// <summary>How an object or a detection came out.</summary>
    public enum Kind
    {
        /// <summary>The detection is right.</summary>
        Right,

        /// <summary>The detection is of another class than its object, or of no object.</summary>
        Wrong,

        /// <summary>The object was not detected.</summary>
        Missed,
    }

    /// <summary>What is confused.</summary>
    public ConfusionMatrix Matrix => _matrix;

    /// <summary>Goes through the images.</summary>
    /// <param name="images">Images with detections.</param>
    /// <param name="thresholds">A score for each category; a detection's has to be greater.</param>
    /// <param name="otherwise">The score of categories that have none.</param>
    /// <param name="most">How many of the worst images are kept.</param>
    public static WorstImages Find(
        IEnumerable<EvaluatedImage> images, IReadOnlyDictionary<int, double> thresholds, double otherwise, int most)
    {
        var worst = new WorstImages();
        foreach (var image in images)
        {
            worst.Add(image, thresholds, otherwise, most);
        }

        return worst;
    }

    /// <summary>The worst images, the worst first, and what is in them.</summary>
    public IReadOnlyList<(EvaluatedImage Image, IReadOnlyList<Mark> Marks)> Images =>
    [
        .. _worst.UnorderedItems.OrderByDescending(item => item.Priority).Select(item => item.Element),
    ];

    private void Add(EvaluatedImage image, IReadOnlyDictionary<int, double> thresholds, double otherwise, int most)
    {
        CocoDetection[] counting = [.. image.Detections.Where(
            found => found.Score > thresholds.GetValueOrDefault(found.CategoryId, otherwise))];
        var marks = _matrix.Add(image.Image.Truths, counting).SelectMany(pair => Marks(pair, image.Image.Truths, counting)).ToArray();
        var errors = marks.Count(mark => mark.Kind != Kind.Right);
        if (errors > 0)
        {
            _worst.Enqueue((image, marks), (errors, -_count++));
            if (_worst.Count > most)
            {
                _worst.Dequeue();
            }
        }
    }

    private static IEnumerable<Mark> Marks(
        (int Truth, int Detection) pair, IReadOnlyList<CocoTruth> truths, CocoDetection[] found)
    {
        if (pair.Detection == ConfusionMatrix.None)
        {
            return [new Mark(Kind.Missed, truths[pair.Truth].CategoryId, truths[pair.Truth].Box, null)];
        }

        var detection = found[pair.Detection];
        var isRight = pair.Truth != ConfusionMatrix.None && truths[pair.Truth].CategoryId == detection.CategoryId;
        return [new Mark(isRight ? Kind.Right : Kind.Wrong, detection.CategoryId, detection.Box, detection.Score)];
    }

    /// <summary>A box in a picture.</summary>
    /// <param name="Kind">How it came out.</param>
    /// <param name="CategoryId">Of the detection, or of the object that was missed.</param>
    /// <param name="Box">Where it is.</param>
    /// <param name="Score">Of the detection; null for an object that was missed.</param>
    public sealed record Mark(Kind Kind, int CategoryId, CocoBox Box, double? Score);
}
