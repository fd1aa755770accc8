namespace Nanodet.Serverless.Pipeline.Postprocessing;

/// <summary>
/// Greedy non-maximum suppression within each class, as torchvision's <c>nms</c>: an IoU strictly above the threshold suppresses.
/// Going through all classes by score at once gives the same boxes as one class after the other, and can stop early.
/// </summary>
internal static class NonMaximumSuppression
{
    /// <summary>Sorts the candidates, moves the kept ones to the front, highest score first, and returns how many they are.</summary>
    /// <param name="candidates">Reordered in place.</param>
    /// <param name="iouThreshold">0..1.</param>
    /// <param name="maxDetections">The most boxes that are kept, over all classes.</param>
    internal static int Apply(Span<Candidate> candidates, float iouThreshold, int maxDetections)
    {
        candidates.Sort();
        var kept = 0;
        for (var i = 0; i < candidates.Length && kept < maxDetections; i++)
        {
            if (!IsSuppressed(candidates[i], candidates[..kept], iouThreshold))
            {
                candidates[kept++] = candidates[i];
            }
        }

        return kept;
    }

    /// <summary>Intersection over union of two boxes; not a number where both are empty.</summary>
    internal static float IntersectionOverUnion(in Candidate a, in Candidate b)
    {
        var width = Math.Max(0, Math.Min(a.X2, b.X2) - Math.Max(a.X1, b.X1));
        var height = Math.Max(0, Math.Min(a.Y2, b.Y2) - Math.Max(a.Y1, b.Y1));
        var intersection = width * height;
        return intersection / (Area(a) + Area(b) - intersection);
    }

    private static bool IsSuppressed(in Candidate candidate, ReadOnlySpan<Candidate> kept, float iouThreshold)
    {
        foreach (ref readonly var better in kept)
        {
            if (better.ClassId == candidate.ClassId && IntersectionOverUnion(candidate, better) > iouThreshold)
            {
                return true;
            }
        }

        return false;
    }

    private static float Area(in Candidate box) => (box.X2 - box.X1) * (box.Y2 - box.Y1);
}
