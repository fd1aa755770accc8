using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Nanodet.Detection.Images;

/// <summary>What an image may cost. Checked against the encoded bytes before anything is decoded or allocated.</summary>
public sealed record ImageLimits
{
    /// <summary>The longest side that OpenCV's perspective warp takes, in pixels.</summary>
    public const int MaxSide = short.MaxValue - 1;

    /// <summary>The most scans that a progressive JPEG may have: each one walks the whole image again.</summary>
    internal const int MaxJpegScans = 200;

    /// <summary>The most bytes of an encoded image.</summary>
    /// <value>1 KiB to 1 GiB, in bytes; default 64 MiB.</value>
    [Range(1024L, 1L << 30)]
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>The most pixels of a decoded image. The images that one run decodes together share it.</summary>
    /// <value>
    /// 1 to 1,000,000,000 pixels; default 100,000,000. A pixel takes 6 to 20 bytes of memory while it is decoded, by its encoding: see
    /// <see cref="MaxDecodingBytes"/>.
    /// </value>
    [Range(1L, 1_000_000_000L)]
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>
    /// The most memory for images that are decoded at the same time by all detectors of a process: pixels, and what decoders need beside
    /// them. Images wait for their share of it; one that needs more than all of it is refused with
    /// <see cref="ImageErrorCodes.TooManyPixels"/>.
    /// </summary>
    /// <value>1 MiB to 1 TiB, in bytes; default 2 GiB, in which one image of 100,000,000 pixels has room in any encoding.</value>
    [Range(1L << 20, 1L << 40)]
    public long MaxDecodingBytes { get; init; } = 2L << 30;

    internal void RequireBytes(long length)
    {
        if (length > MaxBytes)
        {
            throw TooLarge(length.ToString(CultureInfo.InvariantCulture));
        }
    }

    internal ImageException TooLarge(string found) => new(
        ImageErrorCodes.TooLarge, $"Expected at most {MaxBytes} bytes (ImageLimits.MaxBytes), found {found}.");

    internal void RequireMemory(ImageHeader header, long encodedBytes)
    {
        if (header.DecodingBytes(encodedBytes) is var needed && needed > MaxDecodingBytes)
        {
            throw new ImageException(
                ImageErrorCodes.TooManyPixels,
                $"{Subject(header.Format)}: expected an image that is decoded in at most {MaxDecodingBytes} bytes of memory "
                + $"(ImageLimits.MaxDecodingBytes), found {header.Width}x{header.Height} pixels that take up to {needed}.");
        }
    }

    internal ImageHeader RequirePixels(ImageFormat format, long width, long height)
    {
        if (width <= 0 || height <= 0)
        {
            throw ImageException.Undecodable(format, $"expected a width and a height of at least 1 pixel, found {width}x{height}.");
        }

        RequirePixels((ImageFormat?)format, width, height);
        return new ImageHeader(format, (int)width, (int)height);
    }

    /// <summary>Checks sides and pixels, without an allocation where they are within the limits.</summary>
    /// <param name="format">The encoding, for the message; null for pixels that came as such.</param>
    /// <param name="width">Columns, in pixels.</param>
    /// <param name="height">Rows, in pixels.</param>
    internal void RequirePixels(ImageFormat? format, long width, long height)
    {
        if (width > MaxSide || height > MaxSide)
        {
            throw new ImageException(
                ImageErrorCodes.TooManyPixels,
                $"{Subject(format)}: expected sides of at most {MaxSide} pixels, found {width}x{height}.");
        }

        if (width * height > MaxPixels)
        {
            throw new ImageException(
                ImageErrorCodes.TooManyPixels,
                $"{Subject(format)}: expected at most {MaxPixels} pixels (ImageLimits.MaxPixels), "
                + $"found {width}x{height} = {width * height}.");
        }
    }

    private static string Subject(ImageFormat? format) => format is { } known ? ImageException.Name(known) : "Pixels";
}
