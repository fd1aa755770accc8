using Nanodet.Serverless.Pipeline.Natives;
using Nanodet.Serverless.Pipeline.Preprocessing;
using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Images;

/// <summary>
/// Encoded bytes to pixels, as OpenCV's <c>imread</c> in colour does it: alpha dropped, grayscale widened to three channels, 16 bits
/// scaled to 8, CMYK converted, EXIF orientation applied.
/// </summary>
public static class ImageDecoder
{
    private static bool s_isPrepared;

    /// <summary>Checks the limits on the encoded bytes, then decodes.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="limits">Enforced before anything is allocated.</param>
    /// <returns>The pixels; the caller disposes them.</returns>
    /// <exception cref="ImageException">The image cannot be used; see <see cref="ImageErrorCodes"/>.</exception>
    /// <exception cref="EnvironmentException">The decoder's library cannot be used, or there is too little memory: no fault of the image.</exception>
    public static DecodedImage Decode(ReadOnlySpan<byte> encoded, ImageLimits limits) =>
        Decode(encoded, ImageHeader.Read(encoded, limits));

    /// <summary>Decodes bytes whose header was read, and limits checked, before.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="header">What its header says.</param>
    /// <param name="reduction">
    /// 1 for every pixel; 2, 4 or 8 for one pixel in place of a square of so many a side, which a JPEG decoder gives for less work.
    /// </param>
    /// <exception cref="EnvironmentException">The decoder's library cannot be used, or there is too little memory: no fault of the image.</exception>
    internal static DecodedImage Decode(ReadOnlySpan<byte> encoded, ImageHeader header, int reduction = 1)
    {
        Prepare();
        Mat? pixels = null;
        try
        {
            pixels = Cv2.ImDecode(encoded, Mode(reduction));
            return Validate(pixels, header, reduction);
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
        catch (OpenCVException exception)
        {
            pixels?.Dispose();
            throw EnvironmentFault.From(new InsufficientMemoryException(
                $"{ImageException.Name(header.Format)}: an image of {header.Width}x{header.Height} pixels cannot be decoded.", exception))!;
        }
        catch
        {
            pixels?.Dispose();
            throw;
        }
    }

    /// <summary>Loads the decoder's library; one that is missing is tried again with the next image.</summary>
    private static void Prepare()
    {
        if (Volatile.Read(ref s_isPrepared))
        {
            return;
        }

        NativeLibraries.Require(NativeLibraries.ImageDecoder);

        // What OpenCV has to say about a bad image becomes an ImageException; standard error stays for people.
        Cv2.SetLogLevel(LogLevel.SILENT);
        Volatile.Write(ref s_isPrepared, true);
    }

    // Each of these modes applies the EXIF orientation.
    private static ImreadModes Mode(int reduction) => reduction switch
    {
        1 => ImreadModes.Color,
        2 => ImreadModes.ReducedColor2,
        4 => ImreadModes.ReducedColor4,
        8 => ImreadModes.ReducedColor8,
        _ => throw new ArgumentOutOfRangeException(nameof(reduction), reduction, "Expected 1, 2, 4 or 8."),
    };

    private static DecodedImage Validate(Mat pixels, ImageHeader header, int reduction)
    {
        if (pixels.Empty())
        {
            throw ImageException.Undecodable(
                header.Format,
                $"the structure of an image of {header.Width}x{header.Height} pixels is complete, but the decoder found no pixels in it.");
        }

        var (width, height) = (Reduction.Divide(header.Width, reduction), Reduction.Divide(header.Height, reduction));
        var upright = pixels.Width == width && pixels.Height == height;
        var turned = pixels.Width == height && pixels.Height == width;
        if (pixels.Type() != MatType.CV_8UC3 || !(upright || turned))
        {
            throw ImageException.Undecodable(
                header.Format,
                $"expected {width}x{height} pixels of 3 channels, "
                + $"the decoder gave {pixels.Width}x{pixels.Height} of {pixels.Channels()}.");
        }

        return upright
            ? new DecodedImage(pixels, header.Format, header.Width, header.Height, reduction)
            : new DecodedImage(pixels, header.Format, header.Height, header.Width, reduction);
    }
}
