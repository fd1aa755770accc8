using Nanodet.Detection.Postprocessing;

namespace Nanodet.Detection.Slicing;

/// <summary>
/// Merges the detections of an image's tiles, class by class. A box that the inner border of a tile cuts never beats a whole one: whole
/// boxes are chosen first. A cut box that lies in a chosen one is a part of it and goes; of the others, those of different tiles that
/// belong together become one box.
/// </summary>
/// <remarks>
/// <see cref="SliceMerge.Greedy"/> is the greedy non-maximum merging of sliced inference (Akyon et al. 2022), with intersection over the
/// smaller box as its metric.
/// </remarks>
internal static class SliceMerger
{
    /// <summary>Boxes that share more of the smaller one's area than this are of one object.</summary>
    private const float Shared = 0.5f;

    /// <summary>Merges.</summary>
    /// <param name="pieces">The detections of all tiles, in any order that is the same each time.</param>
    /// <param name="merge">How.</param>
    /// <param name="iouThreshold">Of NMS, 0 to 1.</param>
    /// <param name="most">The most that are kept, at least 1.</param>
    /// <returns>Highest score first.</returns>
    internal static DetectedObject[] Merge(IReadOnlyList<Piece> pieces, SliceMerge merge, float iouThreshold, int most)
    {
        Piece[] whole = [.. pieces.Where(piece => !piece.IsCut).OrderByDescending(piece => piece.Found.Score)];
        Piece[] cut = [.. pieces.Where(piece => piece.IsCut).OrderByDescending(piece => piece.Found.Score)];
        var kept = merge == SliceMerge.Greedy ? Unite(whole, most) : Suppress(whole, iouThreshold, most);
        Join(cut, kept, iouThreshold, most);
        return [.. kept.OrderByDescending(piece => piece.Found.Score).Take(most).Select(piece => piece.ToObject())];
    }

    private static List<Piece> Suppress(Piece[] pieces, float iouThreshold, int most)
    {
        var kept = new List<Piece>();
        foreach (var piece in pieces)
        {
            if (kept.Count == most)
            {
                break;
            }

            if (!IsSuppressed(piece, kept, iouThreshold))
            {
                kept.Add(piece);
            }
        }

        return kept;
    }

    private static List<Piece> Unite(Piece[] pieces, int most)
    {
        var kept = new List<Piece>();
        var taken = new bool[pieces.Length];
        var mates = new List<Piece>();
        for (var i = 0; i < pieces.Length && kept.Count < most; i++)
        {
            if (taken[i])
            {
                continue;
            }

            // All are compared with the best box as it was found: a box that has grown would swallow its neighbours.
            mates.Clear();
            for (var j = i + 1; j < pieces.Length; j++)
            {
                if (!taken[j] && pieces[i].IsOfClass(pieces[j]) && OverSmaller(pieces[i], pieces[j]) > Shared)
                {
                    taken[j] = true;
                    mates.Add(pieces[j]);
                }
            }

            mates.ForEach(pieces[i].Unite);
            kept.Add(pieces[i]);
        }

        return kept;
    }

    private static void Join(Piece[] cut, List<Piece> kept, float iouThreshold, int most)
    {
        var open = cut.Where(piece => !kept.Exists(whole => whole.IsOfClass(piece) && piece.Intersection(whole) > Shared * piece.Area))
            .ToList();
        for (var joined = 0; open.Count > 0 && joined < most; joined++)
        {
            var piece = open[0];
            open.RemoveAt(0);
            var tiles = new HashSet<int> { piece.TileIndex };

            // An object may lie over several tiles: with each part the box grows, and may meet the next one.
            while (open.Find(other =>
                other.IsOfClass(piece) && !tiles.Contains(other.TileIndex) && OverSmaller(piece, other) > Shared) is { } mate)
            {
                piece.Unite(mate);
                tiles.Add(mate.TileIndex);
                open.Remove(mate);
            }

            if (!IsSuppressed(piece, kept, iouThreshold))
            {
                kept.Add(piece);
            }
        }
    }

    private static bool IsSuppressed(Piece piece, List<Piece> kept, float iouThreshold)
    {
        foreach (var better in kept)
        {
            if (better.IsOfClass(piece))
            {
                var intersection = better.Intersection(piece);
                if (intersection > iouThreshold * (better.Area + piece.Area - intersection))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static float OverSmaller(Piece a, Piece b) => a.Intersection(b) / Math.Min(a.Area, b.Area);
}
