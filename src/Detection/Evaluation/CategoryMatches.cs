namespace Nanodet.Detection.Evaluation;

/// <summary>All detections of one category and one range of areas, reduced to scores and outcomes.</summary>
/// <param name="thresholds">Number of IoU thresholds.</param>
internal sealed class CategoryMatches(int thresholds)
{
    // 0, 0.01, ... 1, spaced as the field's reference tool spaces them: a recall may lie exactly on a point.
    private static readonly double[] RecallPoints = [.. Enumerable.Range(0, 100).Select(step => step * 0.01), 1];

    private readonly List<double> _scores = [];
    private readonly List<int> _ranks = [];
    private readonly List<MatchOutcome> _outcomes = [];
    private int[]? _order;

    /// <summary>Number of objects that could be found.</summary>
    public int Objects { get; set; }

    /// <summary>Adds a detection.</summary>
    /// <param name="score">Its score.</param>
    /// <param name="rank">Its place among its image's detections of this category, from 0.</param>
    /// <param name="outcomes">Outcomes, detections by thresholds.</param>
    /// <param name="row">The detection's row in them.</param>
    public void Add(double score, int rank, MatchOutcome[,] outcomes, int row)
    {
        _order = null;
        _scores.Add(score);
        _ranks.Add(rank);
        for (var threshold = 0; threshold < thresholds; threshold++)
        {
            _outcomes.Add(outcomes[row, threshold]);
        }
    }

    /// <summary>
    /// The mean over 101 recalls from 0 to 1 of the best precision at that recall or a higher one.
    /// </summary>
    public double AveragePrecision(int threshold)
    {
        var (precisions, recalls) = Curve(threshold, int.MaxValue);
        for (var i = precisions.Count - 2; i >= 0; i--)
        {
            precisions[i] = Math.Max(precisions[i], precisions[i + 1]);
        }

        var (sum, next) = (0.0, 0);
        foreach (var recall in RecallPoints)
        {
            while (next < recalls.Count && recalls[next] < recall)
            {
                next++;
            }

            sum += next < precisions.Count ? precisions[next] : 0;
        }

        return sum / RecallPoints.Length;
    }

    /// <summary>The share of objects that were found by the best so many detections of each image.</summary>
    public double Recall(int threshold, int limit) => Curve(threshold, limit).Recalls is [.., var last] ? last : 0;

    /// <summary>Precision and recall at each score, highest first; of equal scores one point, behind the last of them.</summary>
    public IReadOnlyList<ScorePoint> Points(int threshold)
    {
        var (precisions, recalls) = Curve(threshold, int.MaxValue);
        var points = new List<ScorePoint>(precisions.Count);
        for (var i = 0; i < precisions.Count; i++)
        {
            // What counts as neither right nor wrong makes no point of its own.
            var score = _scores[_order![i]];
            if (_outcomes[(_order[i] * thresholds) + threshold] == MatchOutcome.Ignored)
            {
                continue;
            }

            var point = new ScorePoint(score, precisions[i], Objects == 0 ? 0 : recalls[i]);
            if (points.Count > 0 && points[^1].Score == score)
            {
                points[^1] = point;
            }
            else
            {
                points.Add(point);
            }
        }

        return points;
    }

    /// <summary>Number of detections that count as hit or miss.</summary>
    public int Count(int threshold) => Enumerable.Range(0, _scores.Count)
        .Count(index => _outcomes[(index * thresholds) + threshold] != MatchOutcome.Ignored);

    private (List<double> Precisions, List<double> Recalls) Curve(int threshold, int limit)
    {
        _order ??= [.. Enumerable.Range(0, _scores.Count).OrderByDescending(index => _scores[index])];
        var (precisions, recalls) = (new List<double>(_order.Length), new List<double>(_order.Length));
        var (hits, misses) = (0, 0);
        foreach (var index in _order.Where(index => _ranks[index] < limit))
        {
            var outcome = _outcomes[(index * thresholds) + threshold];
            hits += outcome == MatchOutcome.Hit ? 1 : 0;
            misses += outcome == MatchOutcome.Miss ? 1 : 0;
            recalls.Add((double)hits / Objects);
            precisions.Add(hits / (hits + misses + double.Epsilon));
        }

        return (precisions, recalls);
    }
}
