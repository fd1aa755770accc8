using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Exports.Filters;

/// <summary>
/// Which images and detections are taken. Class and score choose among an image's detections; the image stays, unless
/// <see cref="SkipEmpty"/> says otherwise.
/// </summary>
public sealed record ExportFilter
{
    private readonly HashSet<string>? _classes;

    /// <summary>Takes everything.</summary>
    public static ExportFilter Everything { get; } = new();

    /// <summary>Names of classes whose detections are taken, as the model has them; null for all.</summary>
    public IReadOnlyCollection<string>? Classes
    {
        get => _classes;
        init => _classes = value is null ? null : [.. value];
    }

    /// <summary>The lowest score that is taken, 0 to 1.</summary>
    public float MinScore { get; init; }

    /// <summary>The only status that is taken; null for both.</summary>
    public DetectionStatus? Status { get; init; }

    /// <summary>Names of images that are taken; null for all.</summary>
    public NameGlob? Name { get; init; }

    /// <summary>Whether an image without a detection that is taken is left out. Failures are not meant.</summary>
    public bool SkipEmpty { get; init; }

    /// <summary>What is taken of a result; null where the image is left out.</summary>
    internal DetectionResult? Apply(DetectionResult result)
    {
        if ((Status is { } status && status != result.Status) || Name?.Matches(result.Image.Name) == false)
        {
            return null;
        }

        if (result.Detections is not { } detections)
        {
            return result;
        }

        if (detections.Any(detection => !Takes(detection)))
        {
            result = result with { Detections = [.. detections.Where(Takes)] };
        }

        return SkipEmpty && result.Detections!.Count == 0 ? null : result;
    }

    private bool Takes(DetectedObject detection) =>
        detection.Score >= MinScore && (_classes is null || _classes.Contains(detection.ClassName));
}
