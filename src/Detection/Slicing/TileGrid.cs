using Nanodet.Detection.Images;

namespace Nanodet.Detection.Slicing;

/// <summary>Where the tiles of an image lie.</summary>
internal static class TileGrid
{
    /// <summary>The most tiles of an image: what it may cost has a limit, as its pixels have.</summary>
    internal const int MaxTiles = 1024;

    /// <summary>The whole image first; behind it its tiles, row by row, where the image is larger than one.</summary>
    /// <param name="width">Columns of the image.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="options">How to slice.</param>
    /// <exception cref="ImageException"><see cref="ImageErrorCodes.TooManyTiles"/>.</exception>
    internal static IReadOnlyList<Tile> Of(int width, int height, SliceOptions options)
    {
        var whole = new Tile(0, 0, width, height);
        if (width <= options.Size && height <= options.Size)
        {
            return [whole];
        }

        var (columns, rows) = (Count(width, options), Count(height, options));
        if ((long)columns * rows > MaxTiles)
        {
            throw new ImageException(
                ImageErrorCodes.TooManyTiles,
                $"expected at most {MaxTiles} tiles, found {(long)columns * rows} of {options.Size} pixels a side in {width}x{height} "
                + "pixels; use larger slices, or less overlap.");
        }

        var tiles = new List<Tile>((columns * rows) + 1) { whole };
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                tiles.Add(new Tile(
                    Start(width, column, columns, options.Size),
                    Start(height, row, rows, options.Size),
                    Math.Min(width, options.Size),
                    Math.Min(height, options.Size)));
            }
        }

        return tiles;
    }

    private static int Count(int length, SliceOptions options)
    {
        if (length <= options.Size)
        {
            return 1;
        }

        var step = Math.Max(1, options.Size - (int)MathF.Ceiling(options.Size * options.Overlap));
        return 1 + ((length - options.Size + step - 1) / step);
    }

    /// <summary>Evenly over the axis: the first tile begins with the image, the last one ends with it, and all overlap alike.</summary>
    private static int Start(int length, int index, int count, int size) =>
        count == 1 ? 0 : (int)((long)(length - size) * index / (count - 1));
}
