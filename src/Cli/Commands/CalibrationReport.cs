namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What a model of lower precision detects otherwise than the float32 model, at the default score threshold.</summary>
/// <param name="Images">Photos that were compared.</param>
/// <param name="Detections">Detections of the float32 model.</param>
/// <param name="Changed">Detections of either model without a partner (same class, IoU of at least 0.9) on the other side.</param>
/// <param name="LargestScoreDifference">The largest difference of scores among partners.</param>
internal sealed record CalibrationReport(int Images, int Detections, int Changed, double LargestScoreDifference);
