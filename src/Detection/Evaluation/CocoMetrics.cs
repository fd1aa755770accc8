namespace Nanodet.Detection.Evaluation;

/// <summary>
/// The 12 numbers by which COCO detectors are compared, each 0 to 1, or -1 where the data set has no object that it could be measured
/// on.
/// </summary>
/// <param name="Ap">Mean average precision over the IoU thresholds 0.50, 0.55, ... 0.95.</param>
/// <param name="Ap50">At IoU 0.50.</param>
/// <param name="Ap75">At IoU 0.75.</param>
/// <param name="ApSmall">Over objects of less than 32 x 32 pixels.</param>
/// <param name="ApMedium">Over objects from 32 x 32 to 96 x 96 pixels.</param>
/// <param name="ApLarge">Over objects of more than 96 x 96 pixels.</param>
/// <param name="Ar1">Mean recall with at most 1 detection per image.</param>
/// <param name="Ar10">With at most 10.</param>
/// <param name="Ar100">With at most 100.</param>
/// <param name="ArSmall">With at most 100, over small objects.</param>
/// <param name="ArMedium">With at most 100, over medium objects.</param>
/// <param name="ArLarge">With at most 100, over large objects.</param>
public sealed record CocoMetrics(
    double Ap,
    double Ap50,
    double Ap75,
    double ApSmall,
    double ApMedium,
    double ApLarge,
    double Ar1,
    double Ar10,
    double Ar100,
    double ArSmall,
    double ArMedium,
    double ArLarge);
