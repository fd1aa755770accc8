using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>
/// Where an image's first row and first column are, by the value of the EXIF and TIFF tag 274 (EXIF 2.32, section 4.6.4).
/// </summary>
internal enum ImageOrientation
{
    /// <summary>As stored.</summary>
    TopLeft = 1,

    /// <summary>Mirrored left to right.</summary>
    TopRight = 2,

    /// <summary>Turned by half.</summary>
    BottomRight = 3,

    /// <summary>Mirrored top to bottom.</summary>
    BottomLeft = 4,

    /// <summary>Mirrored along the main diagonal.</summary>
    LeftTop = 5,

    /// <summary>To be turned clockwise.</summary>
    RightTop = 6,

    /// <summary>Mirrored along the other diagonal.</summary>
    RightBottom = 7,

    /// <summary>To be turned counter-clockwise.</summary>
    LeftBottom = 8,
}

/// <summary>Reads and applies an <see cref="ImageOrientation"/>.</summary>
internal static class ImageOrientations
{
    private const ushort Tag = 274;
    private const ushort Short = 3;
    private const int EntrySize = 12;

    /// <summary>The orientation in a TIFF structure, such as EXIF's; as stored where there is none or an unknown one.</summary>
    /// <param name="tiff">From the byte order on.</param>
    internal static ImageOrientation Read(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8 || !(tiff.StartsWith("II*\0"u8) || tiff.StartsWith("MM\0*"u8)))
        {
            return ImageOrientation.TopLeft;
        }

        var little = tiff[0] == (byte)'I';
        long directory = little ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory + 2 > tiff.Length)
        {
            return ImageOrientation.TopLeft;
        }

        var entries = UInt16(tiff, (int)directory, little);
        for (var i = 0; i < entries; i++)
        {
            var entry = directory + 2 + ((long)i * EntrySize);
            if (entry + EntrySize > tiff.Length)
            {
                break;
            }

            if (UInt16(tiff, (int)entry, little) == Tag && UInt16(tiff, (int)entry + 2, little) == Short)
            {
                return From(UInt16(tiff, (int)entry + 8, little));
            }
        }

        return ImageOrientation.TopLeft;
    }

    /// <summary>The orientation of a tag's value; as stored for a value that is none.</summary>
    internal static ImageOrientation From(int value) => value is >= 1 and <= 8 ? (ImageOrientation)value : ImageOrientation.TopLeft;

    /// <summary>True where columns become rows.</summary>
    internal static bool SwapsSides(this ImageOrientation orientation) => orientation >= ImageOrientation.LeftTop;

    /// <summary>The pixels as they are to be looked at.</summary>
    /// <param name="orientation">How they are stored.</param>
    /// <param name="stored">Not disposed here.</param>
    /// <returns>Of its own memory.</returns>
    internal static unsafe PixelBuffer Apply(this ImageOrientation orientation, PixelBuffer stored)
    {
        var swaps = orientation.SwapsSides();
        var (width, height) = swaps ? (stored.Height, stored.Width) : (stored.Width, stored.Height);
        var upright = new PixelBuffer(width, height);

        // Where the upright image's first pixel is stored, and the steps to its right and lower neighbours.
        var flipX = orientation
            is ImageOrientation.TopRight or ImageOrientation.BottomRight or ImageOrientation.RightBottom or ImageOrientation.LeftBottom;
        var flipY = orientation
            is ImageOrientation.BottomRight or ImageOrientation.BottomLeft or ImageOrientation.RightTop or ImageOrientation.RightBottom;
        var (stepX, stepY) = (flipX ? -PixelBuffer.Channels : PixelBuffer.Channels, flipY ? -stored.Step : stored.Step);
        var first = stored.Data
            + (flipX ? (stored.Width - 1L) * PixelBuffer.Channels : 0)
            + (flipY ? (stored.Height - 1) * stored.Step : 0);
        var (right, down) = swaps ? (stepY, (long)stepX) : (stepX, stepY);

        // Turned images are read across rows: in blocks, so that a row's cache line serves several columns.
        const int Block = 32;
        for (var top = 0; top < height; top += Block)
        {
            var bottom = Math.Min(top + Block, height);
            for (var left = 0; left < width; left += Block)
            {
                var end = Math.Min(left + Block, width);
                for (var y = top; y < bottom; y++)
                {
                    var source = first + (y * down) + (left * right);
                    var target = upright.Data + (y * upright.Step) + (left * (long)PixelBuffer.Channels);
                    for (var x = left; x < end; x++, source += right, target += PixelBuffer.Channels)
                    {
                        target[0] = source[0];
                        target[1] = source[1];
                        target[2] = source[2];
                    }
                }
            }
        }

        return upright;
    }

    private static ushort UInt16(ReadOnlySpan<byte> tiff, int position, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(tiff[position..]) : BinaryPrimitives.ReadUInt16BigEndian(tiff[position..]);
}
