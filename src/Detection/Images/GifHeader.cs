using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>Walks a GIF's blocks from the logical screen to the trailer (GIF89a specification).</summary>
internal static class GifHeader
{
    private const byte Extension = 0x21;
    private const byte ImageDescriptor = 0x2C;
    private const byte Trailer = 0x3B;

    /// <summary>What a byte of LZW data unpacks to at most: a string of 4096 bytes in a code of 12 bits.</summary>
    internal const int MostByLzw = 4096 * 8 / 12;

    /// <summary>The decoder has the screen with alpha, and once more what it was before a frame.</summary>
    private const int WorkingBytesPerPixel = 8;

    internal static ImageHeader Read(ReadOnlySpan<byte> data, ImageLimits limits)
    {
        Require(data, 0, 13, "the logical screen");
        var header = limits.RequirePixels(
            ImageFormat.Gif,
            BinaryPrimitives.ReadUInt16LittleEndian(data[6..]),
            BinaryPrimitives.ReadUInt16LittleEndian(data[8..]));
        var position = 13 + ColorTable(data[10]);
        var images = 0;
        while (true)
        {
            Require(data, position, 1, "a block, up to the trailer (3B)");
            switch (data[position])
            {
                case Trailer:
                    return images > 0
                        ? header with { WorkingBytes = WorkingBytesPerPixel * header.Pixels }
                        : throw ImageException.Undecodable(ImageFormat.Gif, $"expected an image before the trailer at byte {position}.");
                case Extension:
                    position = SubBlocks(data, position + 2);
                    break;
                case ImageDescriptor:
                    Require(data, position, 10, "an image descriptor");
                    var frame = Frame(data, position, header, limits);
                    var begin = position + 10 + ColorTable(data[position + 9]) + 1;
                    position = SubBlocks(data, begin);
                    if (images++ == 0)
                    {
                        ImageException.RequirePlausible(frame, frame.Pixels / MostByLzw, position - begin);
                    }

                    break;
                default:
                    throw ImageException.Undecodable(
                        ImageFormat.Gif,
                        $"expected a block (21, 2C or 3B) at byte {position}, found {data[position]:X2}.");
            }
        }
    }

    /// <summary>The place of the first frame, and the background. Read from a file whose structure was checked.</summary>
    internal static GifCanvas ReadCanvas(ReadOnlySpan<byte> data)
    {
        var colors = ColorTable(data[10]);
        var background = 3 * data[11];
        (byte Blue, byte Green, byte Red) color = background < colors
            ? (data[13 + background + 2], data[13 + background + 1], data[13 + background])
            : default;
        var position = 13 + colors;
        while (data[position] == Extension)
        {
            position = SubBlocks(data, position + 2);
        }

        var frame = data.Slice(position + 1, 8);
        return new GifCanvas(
            BinaryPrimitives.ReadUInt16LittleEndian(frame),
            BinaryPrimitives.ReadUInt16LittleEndian(frame[2..]),
            BinaryPrimitives.ReadUInt16LittleEndian(frame[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]),
            color);
    }

    private static ImageHeader Frame(ReadOnlySpan<byte> data, int position, ImageHeader screen, ImageLimits limits)
    {
        int left = BinaryPrimitives.ReadUInt16LittleEndian(data[(position + 1)..]);
        int top = BinaryPrimitives.ReadUInt16LittleEndian(data[(position + 3)..]);
        int width = BinaryPrimitives.ReadUInt16LittleEndian(data[(position + 5)..]);
        int height = BinaryPrimitives.ReadUInt16LittleEndian(data[(position + 7)..]);
        var frame = limits.RequirePixels(ImageFormat.Gif, width, height);
        if (left + width > screen.Width || top + height > screen.Height)
        {
            throw ImageException.Undecodable(
                ImageFormat.Gif,
                $"expected a frame inside {screen.Width}x{screen.Height}, found {width}x{height} at ({left}, {top}), byte {position}.");
        }

        return frame;
    }

    private static int SubBlocks(ReadOnlySpan<byte> data, int position)
    {
        while (true)
        {
            Require(data, position, 1, "a data block");
            var length = data[position];
            position += 1 + length;
            if (length == 0)
            {
                return position;
            }
        }
    }

    private static int ColorTable(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

    private static void Require(ReadOnlySpan<byte> data, int position, int length, string what)
    {
        if (position + length > data.Length)
        {
            throw ImageException.Truncated(ImageFormat.Gif, what, position, data.Length);
        }
    }
}
