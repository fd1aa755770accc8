namespace Nanodet.Detection.Preprocessing;

/// <summary>
/// Where the pixels of one axis of a tensor lie in the image, exactly as OpenCV's <c>warpPerspective</c> computes it for a matrix without
/// rotation: positions in doubles, then rounded to 1/32 of a pixel, ties to even. Between two pixels <c>f</c> of 32 parts come from the
/// second one.
/// </summary>
internal readonly struct WarpAxis
{
    /// <summary>Parts of a pixel that a position is rounded to.</summary>
    internal const int Parts = 32;

    private const int PartBits = 5;

    // OpenCV goes through the output in blocks of 1024 pixels, at most 16 rows high, and computes a position from its block's first one.
    private const int BlockPixels = 1024;
    private const int BlockRows = 16;

    private readonly double _scale;
    private readonly double _offset;
    private readonly double _parts;
    private readonly int _block;
    private readonly int _length;
    private readonly bool _extends;

    private WarpAxis(double scale, double offset, double unit, int block, int length, bool extends)
    {
        _scale = scale;
        _offset = offset;
        _parts = Parts / unit;
        _block = block;
        _length = length;
        _extends = extends;
    }

    /// <summary>The horizontal axis.</summary>
    /// <param name="geometry">The matrix, and the size that is warped to.</param>
    /// <param name="columns">Columns of the pixels that the matrix starts from.</param>
    /// <param name="extends">True: the edge's pixels go on for ever; false: black is outside.</param>
    internal static WarpAxis Columns(InputGeometry geometry, int columns, bool extends)
    {
        var (matrix, inverse) = Invert(geometry);
        var block = BlockPixels / Math.Min(BlockRows, geometry.WarpedHeight);
        return new WarpAxis(
            matrix.ScaleY * inverse, -(matrix.OffsetX * matrix.ScaleY) * inverse, Unit(matrix, inverse), block, columns, extends);
    }

    /// <summary>The vertical axis; parameters as for <see cref="Columns"/>.</summary>
    internal static WarpAxis Rows(InputGeometry geometry, int rows, bool extends)
    {
        var (matrix, inverse) = Invert(geometry);
        return new WarpAxis(matrix.ScaleX * inverse, -(matrix.ScaleX * matrix.OffsetY) * inverse, Unit(matrix, inverse), 1, rows, extends);
    }

    /// <summary>The two pixels around a place of the tensor, and how far it is from the first to the second.</summary>
    /// <param name="index">Column or row of the tensor.</param>
    /// <param name="fraction">0 to 31 parts of 32.</param>
    /// <returns>The first pixel, from -1 to the axis' length; those two places lie outside of the image.</returns>
    internal int Find(int index, out int fraction)
    {
        var start = index - (index % _block);
        var position = (((_scale * start) + _offset) + (_scale * (index - start))) * _parts;
        var rounded = (int)Math.Clamp(Math.Round(position, MidpointRounding.ToEven), int.MinValue, int.MaxValue);
        var pixel = rounded >> PartBits;
        fraction = rounded & (Parts - 1);
        var (least, most) = _extends ? (0, _length - 1) : (-1, _length);
        if (pixel < least || pixel >= most)
        {
            fraction = 0;
            return Math.Clamp(pixel, least, most);
        }

        return pixel;
    }

    // The inverse of a 3x3 matrix by its cofactors; its last element comes out near 1, not always as 1.
    private static (WarpMatrix Matrix, double Inverse) Invert(InputGeometry geometry) =>
        (geometry.Matrix, 1.0 / (geometry.Matrix.ScaleX * geometry.Matrix.ScaleY));

    private static double Unit(WarpMatrix matrix, double inverse) => matrix.ScaleX * matrix.ScaleY * inverse;
}
