using Nanodet.Detection.Evaluation;

namespace Nanodet.Serverless.Detection.Tests.Evaluation;

/// <summary>
/// The challenge's rules once more, in the plainest form: every figure is computed from the images anew, one category and one
/// threshold at a time, over rectangles that are intersected here.
/// </summary>
internal sealed class NaiveCoco(IReadOnlyList<(IReadOnlyList<CocoTruth> Truths, IReadOnlyList<CocoDetection> Detections)> images)
{
    public double Precision(double from, double to, double low, double high)
    {
        var values = Thresholds(from, to).SelectMany(threshold => Categories(low, high).Select(category =>
        {
            var (marks, objects) = Marks(category, threshold, 100, low, high);
            var points = Enumerable.Range(1, marks.Count).Select(count =>
            {
                var hits = marks.Take(count).Count(hit => hit);
                return (Recall: (double)hits / objects, Precision: (double)hits / count);
            }).ToList();
            return Enumerable.Range(0, 101).Average(k =>
                points.Where(point => point.Recall >= (k == 100 ? 1 : k * 0.01)).Select(point => point.Precision).DefaultIfEmpty(0).Max());
        })).ToList();
        return values.Count == 0 ? -1 : values.Average();
    }

    public double Recall(int limit, double low, double high)
    {
        var values = Thresholds(0.5, 0.95).SelectMany(threshold => Categories(low, high).Select(category =>
        {
            var (marks, objects) = Marks(category, threshold, limit, low, high);
            return (double)marks.Count(hit => hit) / objects;
        })).ToList();
        return values.Count == 0 ? -1 : values.Average();
    }

    private static IEnumerable<double> Thresholds(double from, double to) =>
        Enumerable.Range(0, 10).Select(k => 0.5 + (k * ((0.95 - 0.5) / 9))).Where(value => value >= from - 1e-6 && value <= to + 1e-6);

    private IEnumerable<int> Categories(double low, double high) => images
        .SelectMany(image => image.Truths)
        .Where(truth => !truth.IsCrowd && truth.Area >= low && truth.Area <= high)
        .Select(truth => truth.CategoryId)
        .Distinct();

    /// <summary>The category's detections, best first, as hits and misses; ignored ones are left out.</summary>
    private (List<bool> Marks, int Objects) Marks(int category, double threshold, int limit, double low, double high)
    {
        var marks = new List<(double Score, bool Hit)>();
        var objects = 0;
        foreach (var (allTruths, allDetections) in images)
        {
            var real = allTruths.Where(truth => truth.CategoryId == category && !truth.IsCrowd && truth.Area >= low && truth.Area <= high).ToList();
            var other = allTruths.Where(truth => truth.CategoryId == category && (truth.IsCrowd || truth.Area < low || truth.Area > high)).ToList();
            objects += real.Count;
            foreach (var detection in allDetections.Where(detection => detection.CategoryId == category).OrderByDescending(detection => detection.Score).Take(limit))
            {
                if (TakeBest(real, detection, threshold, keepCrowds: false))
                {
                    marks.Add((detection.Score, true));
                }
                else if (!TakeBest(other, detection, threshold, keepCrowds: true) && detection.Box.Area >= low && detection.Box.Area <= high)
                {
                    marks.Add((detection.Score, false));
                }
            }
        }

        return ([.. marks.OrderByDescending(mark => mark.Score).Select(mark => mark.Hit)], objects);
    }

    private static bool TakeBest(List<CocoTruth> truths, CocoDetection detection, double threshold, bool keepCrowds)
    {
        var candidates = truths.Where(truth => Overlap(truth, detection.Box) >= threshold).ToList();
        if (candidates.Count == 0)
        {
            return false;
        }

        // Of equal overlaps the later object is taken, as the reference tool does.
        var best = candidates.Max(truth => Overlap(truth, detection.Box));
        var taken = candidates.Last(truth => Overlap(truth, detection.Box) >= best);
        if (!(keepCrowds && taken.IsCrowd))
        {
            truths.Remove(taken);
        }

        return true;
    }

    private static double Overlap(CocoTruth truth, CocoBox box)
    {
        var left = Math.Max(truth.Box.X, box.X);
        var right = Math.Min(truth.Box.X + truth.Box.Width, box.X + box.Width);
        var top = Math.Max(truth.Box.Y, box.Y);
        var bottom = Math.Min(truth.Box.Y + truth.Box.Height, box.Y + box.Height);
        var shared = Math.Max(0, right - left) * Math.Max(0, bottom - top);
        return shared / (truth.IsCrowd ? box.Width * box.Height : (box.Width * box.Height) + (truth.Box.Width * truth.Box.Height) - shared);
    }
}
