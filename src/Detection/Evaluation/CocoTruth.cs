namespace Nanodet.Detection.Evaluation;

/// <summary>One annotated object.</summary>
/// <param name="CategoryId">COCO's category id.</param>
/// <param name="Box">Where it is.</param>
/// <param name="Area">Its area in pixels: that of the segmentation, which the size classes go by.</param>
/// <param name="IsCrowd">Whether it stands for a crowd.</param>
public readonly record struct CocoTruth(int CategoryId, CocoBox Box, double Area, bool IsCrowd);
