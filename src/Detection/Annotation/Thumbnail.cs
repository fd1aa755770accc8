using Nanodet.Detection.Images;
using Nanodet.Detection.Natives;
using NetVips;

namespace Nanodet.Detection.Annotation;

/// <summary>Small pictures of images, for people.</summary>
public static class Thumbnail
{
    /// <summary>Decodes an image, makes it smaller where it is larger than asked for, and encodes a JPEG.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="maxSide">The most columns, and rows, of the picture, in pixels, 16 to 4096.</param>
    /// <param name="limits">Enforced before decoding; null for the defaults.</param>
    /// <param name="quality">JPEG quality, 1 to 100.</param>
    /// <returns>The bytes of a JPEG of the same proportions, EXIF orientation applied.</returns>
    /// <exception cref="ImageException">The image cannot be used.</exception>
    /// <exception cref="EnvironmentException">The bundled library cannot be used: no fault of the image.</exception>
    public static byte[] Create(ReadOnlySpan<byte> encoded, int maxSide, ImageLimits? limits = null, int quality = 85)
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
            return image.JpegsaveBuffer(q: quality);
        }

        // Each side for itself: a very long image keeps one row.
        using var small = image.Resize(
            Math.Max(scale, 1.0 / image.Width), vscale: Math.Max(scale, 1.0 / image.Height), kernel: Enums.Kernel.Linear);
        return small.JpegsaveBuffer(q: quality);
    }
}
