namespace Nanodet.Detection.Slicing;

/// <summary>A part of an image that the model looks at, in pixels of the image.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">At least 1.</param>
/// <param name="Height">At least 1.</param>
internal readonly record struct Tile(int X, int Y, int Width, int Height);
