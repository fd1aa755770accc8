using Nanodet.Detection.Images;
using Nanodet.Detection.Natives;
using NetVips;

namespace Nanodet.Detection.Annotation;

/// <summary>A small picture of an image, for people.</summary>
/// <param name="Jpeg">The bytes of a JPEG, EXIF orientation applied.</param>
/// <param name="ImageWidth">Columns of the image after EXIF orientation, in pixels.</param>
/// <param name="ImageHeight">Rows of the image after EXIF orientation, in pixels.</param>
public sealed record Thumbnail(ReadOnlyMemory<byte> Jpeg, int ImageWidth, int ImageHeight)
{
    /// <summary>Decodes an image, makes it smaller where it is larger than asked for, and encodes a JPEG.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="maxSide">The most columns, and rows, of the picture, in pixels, 16 to 4096.</param>
    /// <param name="limits">Enforced before decoding; null for the defaults.</param>
    /// <param name="quality">JPEG quality, 1 to 100.</param>
    /// <returns>A picture of the same proportions.</returns>
    /// <exception cref="ImageException">The image cannot be used.</exception>
    /// <exception cref="EnvironmentException">The bundled library cannot be used: no fault of the image.</exception>
    public static Thumbnail Create(ReadOnlySpan<byte> encoded, int maxSide, ImageLimits? limits = null, int quality = 85)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSide, 16);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxSide, 4096);
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        using var decoded = ImageDecoder.Decode(encoded, limits ?? new ImageLimits());
        using var image = JpegEncoder.ToImage(decoded.Pixels);
        var scale = (double)maxSide / Math.Max(image.Width, image.Height);
        if (scale >= 1)
        {
            return new Thumbnail(image.JpegsaveBuffer(q: quality), image.Width, image.Height);
        }

        // Each side for itself: a very long image keeps one row.
        using var small = image.Resize(
            Math.Max(scale, 1.0 / image.Width), vscale: Math.Max(scale, 1.0 / image.Height), kernel: Enums.Kernel.Linear);
        return new Thumbnail(small.JpegsaveBuffer(q: quality), image.Width, image.Height);
    }
}
