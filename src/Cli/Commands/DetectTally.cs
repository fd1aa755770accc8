using System.Runtime.InteropServices;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Counts images as they are done. Of the images themselves it keeps as many as are wanted, and no more.</summary>
/// <param name="wanted">The most images that are kept.</param>
internal sealed class DetectTally(int wanted)
{
    /// <summary>Failures that are said one by one; the others are counted.</summary>
    public const int MostFailures = 20;

    private readonly Dictionary<string, long> _byClass = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _byCode = new(StringComparer.Ordinal);
    private readonly List<DetectedImage> _images = [];
    private readonly List<DetectionResult> _failures = [];

    /// <summary>The images, up to as many as were wanted.</summary>
    public IReadOnlyList<DetectedImage> Images => _images;

    /// <summary>The first failures.</summary>
    public IReadOnlyList<DetectionResult> Failures => _failures;

    /// <summary>Detections by name of the class.</summary>
    public IReadOnlyDictionary<string, long> ByClass => _byClass;

    /// <summary>Failures by code.</summary>
    public IReadOnlyDictionary<string, long> ByCode => _byCode;

    /// <summary>Images with a result.</summary>
    public int Detected { get; private set; }

    /// <summary>Images with an error.</summary>
    public int Failed { get; private set; }

    /// <summary>Images whose result was there already.</summary>
    public int Kept { get; private set; }

    /// <summary>All images so far.</summary>
    public int Total => Detected + Failed;

    /// <summary>Counts images that are done.</summary>
    public static DetectTally Of(IEnumerable<DetectedImage> images)
    {
        var tally = new DetectTally(int.MaxValue);
        foreach (var image in images)
        {
            tally.Add(image);
        }

        return tally;
    }

    /// <summary>Counts an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="isKept">Whether its result was there already.</param>
    public void Add(DetectedImage image, bool isKept = false)
    {
        Kept += isKept ? 1 : 0;
        if (_images.Count < wanted)
        {
            _images.Add(image);
        }

        if (image.Result.Error is { } error)
        {
            Failed++;
            CollectionsMarshal.GetValueRefOrAddDefault(_byCode, error.Code, out _)++;
            if (_failures.Count < MostFailures)
            {
                _failures.Add(image.Result);
            }

            return;
        }

        Detected++;
        foreach (var detection in image.Result.Detections ?? [])
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_byClass, detection.ClassName, out _)++;
        }
    }
}
