using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Images;

/// <summary>
/// Encoded bytes to pixels, as OpenCV's <c>imread</c> in colour does it: alpha dropped, grayscale widened to three channels, 16 bits
/// scaled to 8, CMYK converted, EXIF orientation applied.
/// </summary>
public static class ImageDecoder
{
    static ImageDecoder()
    {
        // What OpenCV has to say about a bad image becomes an ImageException; standard error stays for people.
        Cv2.SetLogLevel(LogLevel.SILENT);
    }

    /// <summary>Checks the limits on the encoded bytes, then decodes.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="limits">Enforced before anything is allocated.</param>
    /// <returns>The pixels; the caller disposes them.</returns>
    /// <exception cref="ImageException">The image cannot be used; see <see cref="ImageErrorCodes"/>.</exception>
    public static DecodedImage Decode(ReadOnlySpan<byte> encoded, ImageLimits limits) =>
        Decode(encoded, ImageHeader.Read(encoded, limits));

    /// <summary>Decodes bytes whose header was read, and limits checked, before.</summary>
    internal static DecodedImage Decode(ReadOnlySpan<byte> encoded, ImageHeader header)
    {
        Mat? pixels = null;
        try
        {
            pixels = Cv2.ImDecode(encoded, ImreadModes.Color);
            Validate(pixels, header);
            return new DecodedImage(pixels, header.Format);
        }
        catch (OpenCVException exception) when (exception.Status != ErrorCode.StsNoMem)
        {
            pixels?.Dispose();
            throw new ImageException(
                ImageErrorCodes.Undecodable,
                $"{ImageException.Name(header.Format)}: "
                + $"the decoder refused an image of {header.Width}x{header.Height} pixels: {exception.Message}",
                exception);
        }
        catch
        {
            pixels?.Dispose();
            throw;
        }
    }

    private static void Validate(Mat pixels, ImageHeader header)
    {
        if (pixels.Empty())
        {
            throw ImageException.Undecodable(
                header.Format,
                $"the structure of an image of {header.Width}x{header.Height} pixels is complete, but the decoder found no pixels in it.");
        }

        var upright = pixels.Width == header.Width && pixels.Height == header.Height;
        var turned = pixels.Width == header.Height && pixels.Height == header.Width;
        if (pixels.Type() != MatType.CV_8UC3 || !(upright || turned))
        {
            throw ImageException.Undecodable(
                header.Format,
                $"expected {header.Width}x{header.Height} pixels of 3 channels, "
                + $"the decoder gave {pixels.Width}x{pixels.Height} of {pixels.Channels()}.");
        }
    }
}
