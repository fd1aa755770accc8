using Nanodet.Detection.Postprocessing;

namespace Nanodet.Detection.Slicing;

/// <summary>A detection of one tile, in pixels of the image.</summary>
internal sealed class Piece
{
    internal Piece(DetectedObject found, Tile tile, int imageWidth, int imageHeight, int tileIndex)
    {
        Found = found;
        TileIndex = tileIndex;
        (X1, Y1) = (tile.X + found.Box.X, tile.Y + found.Box.Y);
        (X2, Y2) = (X1 + found.Box.Width, Y1 + found.Box.Height);
        var (marginX, marginY) = (tile.Width * CutMargin, tile.Height * CutMargin);
        IsCut = (tile.X > 0 && found.Box.X <= marginX)
            || (tile.Y > 0 && found.Box.Y <= marginY)
            || (tile.X + tile.Width < imageWidth && found.Box.X + found.Box.Width >= tile.Width - marginX)
            || (tile.Y + tile.Height < imageHeight && found.Box.Y + found.Box.Height >= tile.Height - marginY);
    }

    /// <summary>A box that ends so close to its tile's border, as a share of the tile's side, is taken for one that it cuts.</summary>
    private const float CutMargin = 0.01f;

    internal DetectedObject Found { get; }

    internal int TileIndex { get; }

    /// <summary>The box touches a border of its tile that is none of the image: the object may go on behind it.</summary>
    internal bool IsCut { get; }

    internal float X1 { get; private set; }

    internal float Y1 { get; private set; }

    internal float X2 { get; private set; }

    internal float Y2 { get; private set; }

    internal float Area => (X2 - X1) * (Y2 - Y1);

    /// <summary>Grows around another box.</summary>
    internal void Unite(Piece other)
    {
        (X1, Y1) = (Math.Min(X1, other.X1), Math.Min(Y1, other.Y1));
        (X2, Y2) = (Math.Max(X2, other.X2), Math.Max(Y2, other.Y2));
    }

    internal float Intersection(Piece other) =>
        Math.Max(0, Math.Min(X2, other.X2) - Math.Max(X1, other.X1)) * Math.Max(0, Math.Min(Y2, other.Y2) - Math.Max(Y1, other.Y1));

    internal bool IsOfClass(Piece other) => Found.ClassId == other.Found.ClassId;

    internal DetectedObject ToObject() => Found with { Box = new BoundingBox(X1, Y1, X2 - X1, Y2 - Y1) };
}
