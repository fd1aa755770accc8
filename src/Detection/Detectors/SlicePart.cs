using Nanodet.Detection.Images;
using Nanodet.Detection.Slicing;

namespace Nanodet.Detection.Detectors;

/// <summary>One tile of an image on its way through a run: a view of the image's pixels.</summary>
/// <param name="Image">The image.</param>
/// <param name="Tile">Where the tile lies in it.</param>
/// <param name="Index">The tile's place among those of the image.</param>
internal sealed record SlicePart(SlicedImage Image, Tile Tile, int Index)
{
    /// <summary>The tile's pixels; valid until the image's are freed.</summary>
    internal PixelRows Rows() => Image.Task.Pixels!.Rows(Tile.X, Tile.Y, Tile.Width, Tile.Height);
}
