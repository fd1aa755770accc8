using System.Globalization;
using System.Text.Json;

namespace Nanodet.Serverless.Cli.Tests.Parity;

/// <summary>
/// Holds our detections against the official predictor's. Each one of either side with a score of at least 0.10 has to have a
/// partner of the same class on the other side with an IoU of at least 0.99 and a score that differs by at most 0.005.
/// </summary>
internal sealed class DetectionParity
{
    private const double LowestScore = 0.10;
    private const double LowestIou = 0.99;
    private const double LargestScoreDifference = 0.005;

    private readonly List<string> _unmatched = [];

    /// <summary>Detections that were held against the other side.</summary>
    public int Compared { get; private set; }

    /// <summary>The lowest IoU among the pairs.</summary>
    public double WorstIou { get; private set; } = 1;

    /// <summary>The largest difference of scores among the pairs.</summary>
    public double WorstScoreDifference { get; private set; }

    /// <summary>What has no partner, in words.</summary>
    public IReadOnlyList<string> Unmatched => _unmatched;

    /// <summary>Compares one photo.</summary>
    public void Compare(string photo, IReadOnlyList<ExpectedDetection> official, IReadOnlyList<ExpectedDetection> ours)
    {
        Match($"{photo}, official", official, ours);
        Match($"{photo}, ours", ours, official);
    }

    /// <summary>Reads the detections of a result.</summary>
    public static IReadOnlyList<ExpectedDetection> Read(JsonElement result) =>
    [
        .. result.GetProperty("detections").EnumerateArray().Select(detection =>
        {
            var box = detection.GetProperty("box");
            var (x, y) = (box.GetProperty("x").GetDouble(), box.GetProperty("y").GetDouble());
            return new ExpectedDetection(
                detection.GetProperty("classId").GetInt32(),
                detection.GetProperty("score").GetDouble(),
                x,
                y,
                x + box.GetProperty("width").GetDouble(),
                y + box.GetProperty("height").GetDouble());
        }),
    ];

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Compared} detections held against the other side, {_unmatched.Count} without a partner; lowest IoU {WorstIou:0.000000}, largest score difference {WorstScoreDifference:0.0e+00}");

    private void Match(string where, IReadOnlyList<ExpectedDetection> from, IReadOnlyList<ExpectedDetection> to)
    {
        foreach (var detection in from.Where(detection => detection.Score >= LowestScore))
        {
            Compared++;
            var partners = to
                .Where(other => other.ClassId == detection.ClassId && Math.Abs(other.Score - detection.Score) <= LargestScoreDifference)
                .Select(other => (Iou: detection.Iou(other), Difference: Math.Abs(other.Score - detection.Score)))
                .ToList();
            var best = partners.Count == 0 ? (Iou: 0, Difference: 0) : partners.MaxBy(partner => partner.Iou);
            if (best.Iou < LowestIou)
            {
                _unmatched.Add(string.Create(CultureInfo.InvariantCulture, $"{where}: {detection}, best IoU {best.Iou:0.0000}"));
                continue;
            }

            WorstIou = Math.Min(WorstIou, best.Iou);
            WorstScoreDifference = Math.Max(WorstScoreDifference, best.Difference);
        }
    }
}
