using System.Buffers;

namespace Nanodet.Detection.Postprocessing;

/// <summary>
/// Greedy non-maximum suppression within each class, as torchvision's <c>nms</c>: an IoU strictly above the threshold suppresses.
/// Going through all classes by score at once gives the same boxes as one class after the other, and can stop early.
/// </summary>
internal static class NonMaximumSuppression
{
    /// <summary>Chooses boxes, highest score first; of equal scores the lowest index comes first.</summary>
    /// <param name="candidates">Scores above 0; the order does not matter.</param>
    /// <param name="iouThreshold">0..1.</param>
    /// <param name="kept">
    /// Receives the places of the kept boxes in <paramref name="candidates"/>; its length is the most that are kept.
    /// </param>
    /// <returns>How many are kept, over all classes.</returns>
    internal static int Apply(ReadOnlySpan<Candidate> candidates, float iouThreshold, Span<int> kept)
    {
        var keys = ArrayPool<ulong>.Shared.Rent(candidates.Length);
        var places = ArrayPool<int>.Shared.Rent(candidates.Length);
        var boxes = new KeptBoxes(Math.Min(kept.Length, candidates.Length));
        try
        {
            Sort(candidates, keys.AsSpan(0, candidates.Length), places.AsSpan(0, candidates.Length));
            for (var i = 0; i < candidates.Length && boxes.Count < kept.Length; i++)
            {
                ref readonly var candidate = ref candidates[places[i]];
                if (!boxes.Suppresses(candidate, iouThreshold))
                {
                    kept[boxes.Count] = places[i];
                    boxes.Add(candidate);
                }
            }

            return boxes.Count;
        }
        finally
        {
            boxes.Dispose();
            ArrayPool<int>.Shared.Return(places);
            ArrayPool<ulong>.Shared.Return(keys);
        }
    }

    /// <summary>The plain twin of <see cref="Apply"/>: sorts whole candidates and compares them one by one.</summary>
    internal static int ScalarApply(ReadOnlySpan<Candidate> candidates, float iouThreshold, Span<int> kept)
    {
        var order = Enumerable.Range(0, candidates.Length).ToArray();
        candidates.ToArray().AsSpan().Sort(order.AsSpan());
        var count = 0;
        foreach (var place in order)
        {
            if (count == kept.Length)
            {
                break;
            }

            var suppressed = false;
            foreach (var better in kept[..count])
            {
                suppressed |= candidates[better].ClassId == candidates[place].ClassId
                    && IntersectionOverUnion(candidates[place], candidates[better]) > iouThreshold;
            }

            if (!suppressed)
            {
                kept[count++] = place;
            }
        }

        return count;
    }

    /// <summary>Intersection over union of two boxes; not a number where both are empty.</summary>
    internal static float IntersectionOverUnion(in Candidate a, in Candidate b)
    {
        var width = Math.Max(0, Math.Min(a.X2, b.X2) - Math.Max(a.X1, b.X1));
        var height = Math.Max(0, Math.Min(a.Y2, b.Y2) - Math.Max(a.Y1, b.Y1));
        var intersection = width * height;
        return intersection / (Area(a) + Area(b) - intersection);
    }

    internal static float Area(in Candidate box) => (box.X2 - box.X1) * (box.Y2 - box.Y1);

    /// <summary>
    /// Sorts places by one integer each: the bits of a positive float grow with it, and the index decides between equal ones.
    /// </summary>
    private static void Sort(ReadOnlySpan<Candidate> candidates, Span<ulong> keys, Span<int> places)
    {
        for (var i = 0; i < candidates.Length; i++)
        {
            keys[i] = ((ulong)~BitConverter.SingleToUInt32Bits(candidates[i].Score) << 32) | (uint)candidates[i].Index;
            places[i] = i;
        }

        keys.Sort(places);
    }
}
