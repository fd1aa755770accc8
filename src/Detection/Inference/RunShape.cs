namespace Nanodet.Detection.Inference;

/// <summary>The height and width that a run's images have.</summary>
/// <param name="Height">Rows, in pixels.</param>
/// <param name="Width">Columns, in pixels.</param>
internal readonly record struct RunShape(int Height, int Width);
