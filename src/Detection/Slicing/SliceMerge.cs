using System.Text.Json.Serialization;

namespace Nanodet.Detection.Slicing;

/// <summary>How the detections of an image's tiles become those of the image. In JSON: <c>nms</c> or <c>greedy</c>.</summary>
[JsonConverter(typeof(SliceMergeConverter))]
public enum SliceMerge
{
    /// <summary>NMS within each class: of two boxes whose IoU is above the IoU threshold, the one with the lower score goes.</summary>
    Nms,

    /// <summary>
    /// Greedy non-maximum merging within each class: a box takes in those that share more than half of the smaller one's area with it
    /// (intersection over smaller), and grows around them.
    /// </summary>
    Greedy,
}
