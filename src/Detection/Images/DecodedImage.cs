namespace Nanodet.Detection.Images;

/// <summary>Pixels in native memory: 8 bits, blue, green, red, after EXIF orientation. Whoever decodes it disposes it.</summary>
internal sealed class DecodedImage : IDisposable
{
    internal DecodedImage(PixelBuffer pixels, ImageFormat? format)
        : this(pixels, format, pixels.Width, pixels.Height, 1)
    {
    }

    internal DecodedImage(PixelBuffer pixels, ImageFormat? format, int width, int height, int reduction)
    {
        Pixels = pixels;
        Format = format;
        Width = width;
        Height = height;
        Reduction = reduction;
    }

    /// <summary>Columns of the image after EXIF orientation, in pixels.</summary>
    public int Width { get; }

    /// <summary>Rows of the image after EXIF orientation, in pixels.</summary>
    public int Height { get; }

    /// <summary>The encoding that the pixels came from; null for pixels that came as such.</summary>
    public ImageFormat? Format { get; }

    /// <summary>Columns, and rows, of the image that became one of <see cref="Pixels"/>: 1, 2, 4 or 8.</summary>
    internal int Reduction { get; }

    /// <summary>True when the pixels are fewer than the image's.</summary>
    internal bool IsReduced => Reduction > 1;

    internal PixelBuffer Pixels { get; }

    /// <summary>Copies pixels.</summary>
    /// <param name="bgr">Rows of blue, green, red; at least as many bytes as the sizes say.</param>
    /// <param name="width">Columns, in pixels.</param>
    /// <param name="height">Rows, in pixels.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <exception cref="OutOfMemoryException">There is not so much memory.</exception>
    internal static DecodedImage Copy(ReadOnlySpan<byte> bgr, int width, int height, int stride)
    {
        var pixels = new PixelBuffer(width, height);
        for (var row = 0; row < height; row++)
        {
            var target = pixels.Row(row);
            bgr.Slice(checked(row * stride), target.Length).CopyTo(target);
        }

        return new DecodedImage(pixels, format: null);
    }

    /// <summary>The pixels, without a copy.</summary>
    internal unsafe PixelRows Rows() => new(Pixels.Data, Pixels.Step, Pixels.Width, Pixels.Height);

    /// <summary>The pixels of a part of an image that is not reduced, without a copy.</summary>
    internal unsafe PixelRows Rows(int x, int y, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(Reduction, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, Pixels.Width - x);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, Pixels.Height - y);
        return new PixelRows(Pixels.Data + (y * Pixels.Step) + ((long)PixelBuffer.Channels * x), Pixels.Step, width, height);
    }

    /// <summary>Frees the pixels.</summary>
    public void Dispose() => Pixels.Dispose();
}
