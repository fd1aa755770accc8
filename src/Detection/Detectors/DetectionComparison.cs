using Nanodet.Detection.Postprocessing;

namespace Nanodet.Detection.Detectors;

/// <summary>Counts how the detections of two models, or two ways to run one, differ over any number of images.</summary>
public sealed class DetectionComparison
{
    private const float SameIou = 0.9f;

    /// <summary>Images that were compared.</summary>
    public int Images { get; private set; }

    /// <summary>Detections of the first.</summary>
    public int Detections { get; private set; }

    /// <summary>Detections of either that have no partner in the other: same class, and an IoU of at least 0.9.</summary>
    public int Changed { get; private set; }

    /// <summary>The largest difference of scores among partners.</summary>
    public double LargestScoreDifference { get; private set; }

    /// <summary>Adds an image.</summary>
    /// <param name="first">What the first detects.</param>
    /// <param name="second">What the second detects.</param>
    public void Add(IReadOnlyList<DetectedObject> first, IReadOnlyList<DetectedObject> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        Images++;
        Detections += first.Count;
        var free = second.ToList();
        foreach (var detection in first)
        {
            var partner = free.FindIndex(other => other.ClassId == detection.ClassId && Iou(detection.Box, other.Box) >= SameIou);
            if (partner < 0)
            {
                Changed++;
                continue;
            }

            LargestScoreDifference = Math.Max(LargestScoreDifference, Math.Abs(detection.Score - free[partner].Score));
            free.RemoveAt(partner);
        }

        Changed += free.Count;
    }

    private static float Iou(BoundingBox a, BoundingBox b)
    {
        var width = MathF.Min(a.X + a.Width, b.X + b.Width) - MathF.Max(a.X, b.X);
        var height = MathF.Min(a.Y + a.Height, b.Y + b.Height) - MathF.Max(a.Y, b.Y);
        if (width <= 0 || height <= 0)
        {
            return 0;
        }

        var shared = width * height;
        return shared / ((a.Width * a.Height) + (b.Width * b.Height) - shared);
    }
}
