namespace Nanodet.Detection.Evaluation;

/// <summary>
/// Compares detections with annotated objects by the rules of the COCO detection challenge (cocodataset.org/#detection-eval). Images
/// are added one by one and not kept: what stays of each is a few bytes per detection.
/// </summary>
public sealed class CocoEvaluator
{
    private const int MaxDetections = 100;

    // Spaced as the field's reference tool spaces them, to the last bit: an overlap may lie exactly on a threshold.
    private static readonly double[] Thresholds = [.. Enumerable.Range(0, 10).Select(step => 0.5 + (step * ((0.95 - 0.5) / 9)))];
    private static readonly (double Low, double High)[] Areas = [(0, 1e10), (0, 32 * 32), (32 * 32, 96 * 96), (96 * 96, 1e10)];
    private static readonly int[] Limits = [1, 10, MaxDetections];

    private readonly Dictionary<int, CategoryMatches[]> _categories = [];

    /// <summary>Number of images that were added.</summary>
    public int Images { get; private set; }

    /// <summary>Adds an image.</summary>
    /// <param name="truths">Its objects.</param>
    /// <param name="detections">What was detected, in any order; of each category the best 100 count.</param>
    public void Add(IReadOnlyList<CocoTruth> truths, IReadOnlyList<CocoDetection> detections)
    {
        ArgumentNullException.ThrowIfNull(truths);
        ArgumentNullException.ThrowIfNull(detections);
        Images++;
        var truthsByCategory = truths.ToLookup(truth => truth.CategoryId);
        var detectionsByCategory = detections.ToLookup(detection => detection.CategoryId);
        foreach (var category in truthsByCategory.Select(group => group.Key).Union(detectionsByCategory.Select(group => group.Key)))
        {
            if (!_categories.TryGetValue(category, out var matches))
            {
                matches = [.. Areas.Select(_ => new CategoryMatches(Thresholds.Length))];
                _categories.Add(category, matches);
            }

            // Equal scores keep their order, here and below: the field's tools sort stably.
            CocoDetection[] best = [.. detectionsByCategory[category].OrderByDescending(detection => detection.Score).Take(MaxDetections)];
            CocoTruth[] objects = [.. truthsByCategory[category]];
            for (var area = 0; area < Areas.Length; area++)
            {
                Match(matches[area], objects, best, Areas[area]);
            }
        }
    }

    /// <summary>The numbers over all images so far.</summary>
    public CocoMetrics Summarize() => new(
        Precision(area: 0, Thresholds),
        Precision(area: 0, Thresholds.AsSpan(0, 1)),
        Precision(area: 0, Thresholds.AsSpan(5, 1)),
        Precision(area: 1, Thresholds),
        Precision(area: 2, Thresholds),
        Precision(area: 3, Thresholds),
        Recall(area: 0, Limits[0]),
        Recall(area: 0, Limits[1]),
        Recall(area: 0, Limits[2]),
        Recall(area: 1, MaxDetections),
        Recall(area: 2, MaxDetections),
        Recall(area: 3, MaxDetections));

    /// <summary>The numbers of each category that has an object or a detection, by its id.</summary>
    public IReadOnlyList<CategoryMetrics> SummarizeCategories() =>
    [
        .. _categories.OrderBy(category => category.Key).Select(category => new CategoryMetrics(
            category.Key,
            category.Value[0].Objects,
            category.Value[0].Count(threshold: 0),
            Mean(category.Value[0], 0, Thresholds.Length),
            Mean(category.Value[0], 0, 1),
            Mean(category.Value[0], 5, 1),
            Mean(category.Value[1], 0, Thresholds.Length),
            Mean(category.Value[2], 0, Thresholds.Length),
            Mean(category.Value[3], 0, Thresholds.Length),
            category.Value[0].Points(threshold: 0))),
    ];

    private static double Mean(CategoryMatches matches, int first, int count) =>
        matches.Objects == 0 ? -1 : Enumerable.Range(first, count).Average(matches.AveragePrecision);

    /// <summary>
    /// Gives each detection, best first, the free object that it overlaps most, at each threshold. Objects outside the range of areas
    /// and crowds are ignored: a detection that takes one counts neither as hit nor as miss, and so does one that takes none and is
    /// itself outside the range.
    /// </summary>
    private static void Match(CategoryMatches matches, CocoTruth[] objects, CocoDetection[] detections, (double Low, double High) range)
    {
        bool Outside(double area) => area < range.Low || area > range.High;

        CocoTruth[] truths = [.. objects.OrderBy(truth => truth.IsCrowd || Outside(truth.Area))];
        var ignored = Array.ConvertAll(truths, truth => truth.IsCrowd || Outside(truth.Area));
        matches.Objects += ignored.Count(value => !value);
        var overlaps = new double[detections.Length, truths.Length];
        for (var d = 0; d < detections.Length; d++)
        {
            for (var g = 0; g < truths.Length; g++)
            {
                overlaps[d, g] = detections[d].Box.Overlap(truths[g].Box, truths[g].IsCrowd);
            }
        }

        var outcomes = new MatchOutcome[detections.Length, Thresholds.Length];
        var taken = new bool[truths.Length];
        for (var t = 0; t < Thresholds.Length; t++)
        {
            Array.Clear(taken);
            for (var d = 0; d < detections.Length; d++)
            {
                var match = FindMatch(d, Math.Min(Thresholds[t], 1 - 1e-10), overlaps, truths, ignored, taken);
                if (match >= 0)
                {
                    taken[match] = true;
                }

                outcomes[d, t] = match >= 0
                    ? ignored[match] ? MatchOutcome.Ignored : MatchOutcome.Hit
                    : Outside(detections[d].Box.Area) ? MatchOutcome.Ignored : MatchOutcome.Miss;
            }
        }

        for (var d = 0; d < detections.Length; d++)
        {
            matches.Add(detections[d].Score, rank: d, outcomes, d);
        }
    }

    private static int FindMatch(int detection, double threshold, double[,] overlaps, CocoTruth[] truths, bool[] ignored, bool[] taken)
    {
        var (match, best) = (-1, threshold);
        for (var g = 0; g < truths.Length; g++)
        {
            // A crowd takes any number of detections. Ignored objects come last: a real match is not given up for one of them.
            if (taken[g] && !truths[g].IsCrowd)
            {
                continue;
            }

            if (match >= 0 && !ignored[match] && ignored[g])
            {
                break;
            }

            if (overlaps[detection, g] >= best)
            {
                (match, best) = (g, overlaps[detection, g]);
            }
        }

        return match;
    }

    private double Precision(int area, ReadOnlySpan<double> thresholds)
    {
        var (sum, count) = (0.0, 0);
        foreach (var matches in _categories.Values.Select(category => category[area]).Where(matches => matches.Objects > 0))
        {
            foreach (var threshold in thresholds)
            {
                sum += matches.AveragePrecision(Array.IndexOf(Thresholds, threshold));
                count++;
            }
        }

        return count == 0 ? -1 : sum / count;
    }

    private double Recall(int area, int limit)
    {
        var recalls = _categories.Values
            .Select(category => category[area])
            .Where(matches => matches.Objects > 0)
            .SelectMany(matches => Enumerable.Range(0, Thresholds.Length).Select(threshold => matches.Recall(threshold, limit)))
            .ToList();
        return recalls.Count == 0 ? -1 : recalls.Average();
    }
}
