using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Images;

/// <summary>
/// Encoded bytes to pixels, with the values that OpenCV's <c>imread</c> gives in colour: alpha dropped, grayscale widened to three
/// channels, 16 bits scaled to 8, CMYK converted, EXIF orientation applied. JPEG is decoded by libjpeg-turbo where the machine has it,
/// everything else by the bundled libvips, BMP here.
/// </summary>
internal static class ImageDecoder
{
    /// <summary>Unpacks what gzip has packed, checks the limits on the encoded bytes, then decodes.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="limits">Enforced before anything is allocated.</param>
    /// <returns>The pixels; the caller disposes them.</returns>
    /// <exception cref="ImageException">The image cannot be used; see <see cref="ImageErrorCodes"/>.</exception>
    /// <exception cref="EnvironmentException">The bundled decoder's library cannot be used: no fault of the image.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory for the pixels: no fault of the image.</exception>
    public static DecodedImage Decode(ReadOnlySpan<byte> encoded, ImageLimits limits)
    {
        encoded = GzipImage.Unpack(encoded, limits);
        return Decode(encoded, ImageHeader.Read(encoded, limits));
    }

    /// <summary>Decodes bytes whose header was read, and limits checked, before.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="header">What its header says.</param>
    /// <param name="reduction">
    /// 1 for every pixel; 2, 4 or 8, for JPEG only, for one pixel in place of a square of so many a side, which a JPEG decoder gives for
    /// less work.
    /// </param>
    internal static DecodedImage Decode(ReadOnlySpan<byte> encoded, ImageHeader header, int reduction = 1)
    {
        if (reduction is not (1 or 2 or 4 or 8) || (reduction > 1 && header.Format != ImageFormat.Jpeg))
        {
            throw new ArgumentOutOfRangeException(nameof(reduction), reduction, "Expected 1, or 2, 4 or 8 for a JPEG.");
        }

        // Whatever decodes this one: a program that lacks its library is named at once, not at the first image of another format.
        VipsLibrary.Require();
        var orientation = ImageOrientation.TopLeft;
        var stored = header.Format switch
        {
            ImageFormat.Jpeg => JpegDecoder.Decode(encoded, header, reduction, out orientation),
            ImageFormat.Bmp => BmpDecoder.Decode(encoded, header),
            _ => VipsDecoder.Decode(encoded, header, out orientation),
        };
        var pixels = orientation == ImageOrientation.TopLeft ? stored : Upright(stored, orientation);
        return orientation.SwapsSides()
            ? new DecodedImage(pixels, header.Format, header.Height, header.Width, reduction)
            : new DecodedImage(pixels, header.Format, header.Width, header.Height, reduction);
    }

    private static PixelBuffer Upright(PixelBuffer stored, ImageOrientation orientation)
    {
        using (stored)
        {
            return orientation.Apply(stored);
        }
    }
}
