namespace Nanodet.Detection.Postprocessing;

/// <summary>A box in pixels of the source image after EXIF orientation, origin top left, clipped to the image.</summary>
/// <param name="X">Left edge, 0 to the image's width.</param>
/// <param name="Y">Top edge, 0 to the image's height.</param>
/// <param name="Width">At least 0.</param>
/// <param name="Height">At least 0.</param>
public readonly record struct BoundingBox(float X, float Y, float Width, float Height);
