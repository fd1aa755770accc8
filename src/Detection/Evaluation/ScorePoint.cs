namespace Nanodet.Detection.Evaluation;

/// <summary>What a class comes to where only detections of at least some score count, at IoU 0.50.</summary>
/// <param name="Score">The lowest score that counts.</param>
/// <param name="Precision">The share of the detections that are right, 0 to 1.</param>
/// <param name="Recall">The share of the objects that are found, 0 to 1.</param>
public readonly record struct ScorePoint(double Score, double Precision, double Recall)
{
    /// <summary>The harmonic mean of both, 0 to 1.</summary>
    public double F1 => Precision + Recall > 0 ? 2 * Precision * Recall / (Precision + Recall) : 0;
}
