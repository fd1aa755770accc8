namespace Nanodet.Detection.Evaluation;

/// <summary>One detected object.</summary>
/// <param name="CategoryId">COCO's category id.</param>
/// <param name="Score">The score; only the order counts.</param>
/// <param name="Box">Where it is.</param>
public readonly record struct CocoDetection(int CategoryId, double Score, CocoBox Box);
