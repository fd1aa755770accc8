namespace Nanodet.Detection.Evaluation;

/// <summary>One category of an evaluation. Numbers are 0 to 1, or -1 where the data set has no object to measure them on.</summary>
/// <param name="CategoryId">COCO's category id.</param>
/// <param name="Objects">Objects of the data set, without crowds.</param>
/// <param name="Detections">Detections that counted as right or wrong at IoU 0.50.</param>
/// <param name="Ap">Average precision over the IoU thresholds 0.50, 0.55, ... 0.95.</param>
/// <param name="Ap50">At IoU 0.50.</param>
/// <param name="Ap75">At IoU 0.75.</param>
/// <param name="ApSmall">Over objects of less than 32 x 32 pixels.</param>
/// <param name="ApMedium">Over objects from 32 x 32 to 96 x 96 pixels.</param>
/// <param name="ApLarge">Over objects of more than 96 x 96 pixels.</param>
/// <param name="Curve">Precision and recall at each score that occurs, highest score first.</param>
public sealed record CategoryMetrics(
    int CategoryId,
    int Objects,
    int Detections,
    double Ap,
    double Ap50,
    double Ap75,
    double ApSmall,
    double ApMedium,
    double ApLarge,
    IReadOnlyList<ScorePoint> Curve)
{
    private const int Decimals = 4;

    /// <summary>Where <see cref="ScorePoint.F1"/> is highest; of equal ones the highest score. Null where no object is found.</summary>
    public ScorePoint? Best => Objects > 0 && Curve.Any(point => point.F1 > 0) ? Curve.MaxBy(point => point.F1) : null;

    /// <summary>
    /// A score threshold that lets the detections of <see cref="Best"/> through and no others, with four decimals where those tell them
    /// apart; null where there is none.
    /// </summary>
    /// <param name="least">The score threshold of the evaluation: lower scores were not seen.</param>
    public double? BestThreshold(double least)
    {
        if (Best is not { } best)
        {
            return null;
        }

        var next = Curve.Where(point => point.Score < best.Score).Select(point => point.Score).DefaultIfEmpty(least).First();
        var middle = (best.Score + Math.Min(next, best.Score)) / 2;
        var rounded = Math.Round(middle, Decimals);
        return rounded < best.Score && rounded >= next ? rounded : middle;
    }
}
