namespace Nanodet.Detection.Preprocessing;

/// <summary>
/// The warp from image pixels to tensor pixels: <c>x' = ScaleX * x + OffsetX</c>, the same for y. Pixel index 0 maps to the offset:
/// no half-pixel shift, unlike a resize.
/// </summary>
/// <param name="ScaleX">Tensor pixels per image pixel, horizontally.</param>
/// <param name="OffsetX">Tensor pixels.</param>
/// <param name="ScaleY">Tensor pixels per image pixel, vertically.</param>
/// <param name="OffsetY">Tensor pixels.</param>
internal readonly record struct WarpMatrix(double ScaleX, double OffsetX, double ScaleY, double OffsetY)
{
    /// <summary>An image column for a tensor column.</summary>
    public double ToImageX(double tensorX) => (tensorX - OffsetX) / ScaleX;

    /// <summary>An image row for a tensor row.</summary>
    public double ToImageY(double tensorY) => (tensorY - OffsetY) / ScaleY;

    /// <summary>
    /// The same warp from an image whose pixels each stand for a square of <paramref name="reduction"/> a side: the middle of the square is
    /// where the pixel is.
    /// </summary>
    internal WarpMatrix FromReduced(int reduction)
    {
        var middle = (reduction - 1) / 2.0;
        return new WarpMatrix(ScaleX * reduction, OffsetX + (ScaleX * middle), ScaleY * reduction, OffsetY + (ScaleY * middle));
    }

    /// <summary>The 3x3 matrix, row by row.</summary>
    public double[] ToRowMajor() => [ScaleX, 0, OffsetX, 0, ScaleY, OffsetY, 0, 0, 1];
}
