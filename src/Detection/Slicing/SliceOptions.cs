using System.ComponentModel.DataAnnotations;

namespace Nanodet.Detection.Slicing;

/// <summary>
/// Sliced inference, for objects that are small in a large image: the model looks at overlapping tiles of the image and at the whole, and
/// the detections are merged. Costs a run for each tile.
/// </summary>
/// <param name="Size">Sides of a tile, in pixels of the image, 64 to 8192. An image that is no larger is detected as a whole only.</param>
/// <param name="Overlap">The least share of a tile's side that neighbouring tiles have in common, 0 to 0.8.</param>
/// <param name="Merge">How the detections of the tiles are merged.</param>
public sealed record SliceOptions(
    [property: Range(SliceOptions.MinSize, SliceOptions.MaxSize)] int Size = SliceOptions.DefaultSize,
    [property: Range(0.0, (double)SliceOptions.MaxOverlap)] float Overlap = SliceOptions.DefaultOverlap,
    [property: EnumDataType(typeof(SliceMerge))] SliceMerge Merge = SliceMerge.Nms)
{
    /// <summary>The least <see cref="Size"/>, in pixels.</summary>
    public const int MinSize = 64;

    /// <summary>The greatest <see cref="Size"/>, in pixels.</summary>
    public const int MaxSize = 8192;

    /// <summary>The greatest <see cref="Overlap"/>.</summary>
    public const float MaxOverlap = 0.8f;

    /// <summary>The <see cref="Size"/> unless another is asked for, in pixels.</summary>
    public const int DefaultSize = 640;

    /// <summary>The <see cref="Overlap"/> unless another is asked for.</summary>
    public const float DefaultOverlap = 0.2f;
}
