using Nanodet.Detection.Natives;
using NetVips;

namespace Nanodet.Detection.Images;

/// <summary>A small picture of an image, for people.</summary>
/// <param name="Jpeg">The bytes of a JPEG, EXIF orientation applied, without any of the image's metadata.</param>
/// <param name="ImageWidth">Columns of the image after EXIF orientation, in pixels.</param>
/// <param name="ImageHeight">Rows of the image after EXIF orientation, in pixels.</param>
public sealed record Thumbnail(ReadOnlyMemory<byte> Jpeg, int ImageWidth, int ImageHeight)
{
    /// <summary>The smallest longer side that can be asked for, in pixels.</summary>
    public const int LeastSide = 16;

    /// <summary>The largest longer side that can be asked for, in pixels.</summary>
    public const int MostSide = 4096;

    // A JPEG is decoded at a fraction only where this many of its pixels are left for each one of the thumbnail.
    private const int LeastOversampling = 2;

    /// <summary>Decodes an image and shrinks it, EXIF orientation applied. A smaller image keeps its size.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="side">The longer side of the thumbnail, in pixels, 16 to 4096.</param>
    /// <param name="limits">Enforced before decoding; null for the defaults.</param>
    /// <param name="quality">JPEG quality, 1 to 100.</param>
    /// <returns>A picture of the same proportions.</returns>
    /// <exception cref="ImageException">The image cannot be used.</exception>
    /// <exception cref="EnvironmentException">The bundled library cannot be used: no fault of the image.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory for the pixels: no fault of the image.</exception>
    public static Thumbnail Create(ReadOnlySpan<byte> encoded, int side, ImageLimits? limits = null, int quality = 80)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(side, LeastSide);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(side, MostSide);
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        limits ??= new ImageLimits();
        encoded = GzipImage.Unpack(encoded, limits);
        var header = ImageHeader.Read(encoded, limits);
        using var decoded = ImageDecoder.Decode(encoded, header, Reduction(header, side));
        var pixels = decoded.Pixels;
        var rgb = new byte[PixelBuffer.Channels * pixels.Width * pixels.Height];
        for (var y = 0; y < pixels.Height; y++)
        {
            var row = y * PixelBuffer.Channels * pixels.Width;
            PixelConversion.FromRgb(pixels.Row(y), rgb.AsSpan(row, PixelBuffer.Channels * pixels.Width));
        }

        using var image = Image.NewFromMemory(rgb, pixels.Width, pixels.Height, PixelBuffer.Channels, Enums.BandFormat.Uchar);
        using var small = image.ThumbnailImage(side, height: side, size: Enums.Size.Down);
        return new Thumbnail(small.JpegsaveBuffer(q: quality, keep: Enums.ForeignKeep.None), decoded.Width, decoded.Height);
    }

    private static int Reduction(ImageHeader header, int side)
    {
        var reduction = 1;
        if (header.Format == ImageFormat.Jpeg)
        {
            while (reduction < 8 && Math.Max(header.Width, header.Height) / (2 * reduction) >= LeastOversampling * side)
            {
                reduction *= 2;
            }
        }

        return reduction;
    }
}
