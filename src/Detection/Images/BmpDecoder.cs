using System.Buffers.Binary;
using System.Numerics;

namespace Nanodet.Detection.Images;

/// <summary>
/// Windows bitmaps to pixels: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits, and the two run-length encodings. The bundled libvips
/// reads none of them. Colours of 5 and 6 bits are shifted up, and pixels that a run-length encoding leaves out have the palette's first
/// colour, as OpenCV has it.
/// </summary>
internal static class BmpDecoder
{
    internal static PixelBuffer Decode(ReadOnlySpan<byte> data, ImageHeader header)
    {
        var bitmap = BmpHeader.ReadLayout(data);
        var pixels = new PixelBuffer(header.Width, header.Height);
        try
        {
            switch (bitmap.Encoding)
            {
                case BmpEncoding.Rle8 or BmpEncoding.Rle4:
                    new BmpRuns(data, bitmap, pixels).Decode();
                    break;
                case BmpEncoding.Plain when bitmap.BitsPerPixel <= 8:
                    Indexed(data, bitmap, pixels);
                    break;
                case BmpEncoding.Plain when bitmap.BitsPerPixel == 24:
                    Rows(data, bitmap, pixels, static (source, _, target) => source[..target.Length].CopyTo(target));
                    break;
                default:
                    Fields(data, bitmap, pixels);
                    break;
            }

            return pixels;
        }
        catch
        {
            pixels.Dispose();
            throw;
        }
    }

    private delegate void RowReader(ReadOnlySpan<byte> source, BmpLayout bitmap, Span<byte> target);

    private static void Rows(ReadOnlySpan<byte> data, BmpLayout bitmap, PixelBuffer pixels, RowReader read)
    {
        var step = bitmap.RowBytes(pixels.Width);
        for (var y = 0; y < pixels.Height; y++)
        {
            var row = bitmap.TopDown ? y : pixels.Height - 1 - y;
            read(data.Slice((int)(bitmap.PixelOffset + (y * step)), (int)step), bitmap, pixels.Row(row));
        }
    }

    private static void Indexed(ReadOnlySpan<byte> data, BmpLayout bitmap, PixelBuffer pixels)
    {
        var palette = new BmpPalette(data, bitmap);
        var bits = bitmap.BitsPerPixel;
        var (perByte, mask) = (8 / bits, (1 << bits) - 1);
        var step = bitmap.RowBytes(pixels.Width);
        for (var y = 0; y < pixels.Height; y++)
        {
            var source = data.Slice((int)(bitmap.PixelOffset + (y * step)), (int)step);
            var target = pixels.Row(bitmap.TopDown ? y : pixels.Height - 1 - y);
            for (var x = 0; x < pixels.Width; x++)
            {
                palette.Write((source[x / perByte] >> (8 - bits - (x % perByte * bits))) & mask, target[(3 * x)..]);
            }
        }
    }

    private static void Fields(ReadOnlySpan<byte> data, BmpLayout bitmap, PixelBuffer pixels) =>
        Rows(data, bitmap, pixels, static (source, layout, target) =>
        {
            var bytes = layout.BitsPerPixel / 8;
            for (int i = 0, j = 0; i < target.Length; i += 3, j += bytes)
            {
                var value = bytes == 2
                    ? BinaryPrimitives.ReadUInt16LittleEndian(source[j..])
                    : BinaryPrimitives.ReadUInt32LittleEndian(source[j..]);
                target[i] = Channel(value, layout.BlueMask);
                target[i + 1] = Channel(value, layout.GreenMask);
                target[i + 2] = Channel(value, layout.RedMask);
            }
        });

    /// <summary>The upper 8 bits of a field; one of fewer bits is shifted up.</summary>
    private static byte Channel(uint value, uint mask)
    {
        if (mask == 0)
        {
            return 0;
        }

        var low = BitOperations.TrailingZeroCount(mask);
        var bits = 32 - BitOperations.LeadingZeroCount(mask) - low;
        var field = (value & mask) >> low;
        return (byte)(bits > 8 ? field >> (bits - 8) : field << (8 - bits));
    }
}
