using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>Reads a Windows bitmap's headers: BITMAPFILEHEADER, then one of the known DIB headers.</summary>
internal static class BmpHeader
{
    private const int FileHeader = 14;
    private const int CoreHeader = 12;
    private const int InfoHeader = 40;

    /// <summary>Two letters are a weak signature: the size of the DIB header decides.</summary>
    internal static bool Looks(ReadOnlySpan<byte> data) => data.Length < FileHeader + 4
        ? throw ImageException.Truncated(ImageFormat.Bmp, "the file header", data.Length, data.Length)
        : HeaderSize(data) is CoreHeader or 40 or 52 or 56 or 64 or 108 or 124;

    internal static ImageHeader Read(ReadOnlySpan<byte> data, ImageLimits limits)
    {
        var size = HeaderSize(data);
        if (data.Length < FileHeader + size)
        {
            throw ImageException.Truncated(ImageFormat.Bmp, $"the end of a header of {size} bytes", FileHeader + size, data.Length);
        }

        var core = size == CoreHeader;
        long width = core ? BinaryPrimitives.ReadUInt16LittleEndian(data[18..]) : BinaryPrimitives.ReadInt32LittleEndian(data[18..]);
        var height = Math.Abs(
            core ? BinaryPrimitives.ReadUInt16LittleEndian(data[20..]) : (long)BinaryPrimitives.ReadInt32LittleEndian(data[22..]));
        var header = limits.RequirePixels(ImageFormat.Bmp, width, height);

        var layout = ReadLayout(data);
        var pixelBytes = layout.Encoding is BmpEncoding.Plain or BmpEncoding.BitFields
            ? layout.RowBytes(header.Width) * header.Height
            : BinaryPrimitives.ReadUInt32LittleEndian(data[34..]);
        return layout.PixelOffset + pixelBytes <= data.Length
            ? header
            : throw ImageException.Truncated(ImageFormat.Bmp, "the end of the pixel data", layout.PixelOffset + pixelBytes, data.Length);
    }

    /// <summary>Where and how the pixels are stored.</summary>
    /// <exception cref="ImageException">In a way that is not known, or outside of the file.</exception>
    internal static BmpLayout ReadLayout(ReadOnlySpan<byte> data)
    {
        var size = (int)HeaderSize(data);
        var core = size == CoreHeader;
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(data[(core ? 24 : 28)..]);
        var encoding = core ? BmpEncoding.Plain : (BmpEncoding)BinaryPrimitives.ReadUInt32LittleEndian(data[30..]);
        var known = encoding switch
        {
            BmpEncoding.Plain => bits is 1 or 4 or 8 or 16 or 24 or 32,
            BmpEncoding.BitFields => bits is 16 or 32,
            BmpEncoding.Rle8 => bits == 8,
            BmpEncoding.Rle4 => bits == 4,
            _ => false,
        };
        if (!known)
        {
            throw ImageException.Undecodable(
                ImageFormat.Bmp,
                "expected 1, 4, 8, 16, 24 or 32 bits a pixel, plain (0), as runs (1, 2) or by masks (3), "
                + $"found {bits} bits stored as {(uint)encoding}.");
        }

        var (red, green, blue) = encoding == BmpEncoding.BitFields
            ? Masks(data)
            : bits == 16 ? (0x7C00u, 0x03E0u, 0x001Fu) : (0xFF0000u, 0xFF00u, 0xFFu);
        var paletteOffset = FileHeader + size + (encoding == BmpEncoding.BitFields && size == InfoHeader ? 12 : 0);
        var entry = core ? 3 : 4;
        return new BmpLayout(
            encoding,
            bits,
            !core && BinaryPrimitives.ReadInt32LittleEndian(data[22..]) < 0,
            BinaryPrimitives.ReadUInt32LittleEndian(data[10..]),
            paletteOffset,
            bits <= 8 ? Colors(data, core, bits, paletteOffset, entry) : 0,
            entry,
            red,
            green,
            blue);
    }

    // Behind the 40 bytes of BITMAPINFOHEADER, or in the longer headers: the same place.
    private static (uint Red, uint Green, uint Blue) Masks(ReadOnlySpan<byte> data)
    {
        const int Place = FileHeader + InfoHeader;
        return data.Length >= Place + 12
            ? (BinaryPrimitives.ReadUInt32LittleEndian(data[Place..]),
                BinaryPrimitives.ReadUInt32LittleEndian(data[(Place + 4)..]),
                BinaryPrimitives.ReadUInt32LittleEndian(data[(Place + 8)..]))
            : throw ImageException.Truncated(ImageFormat.Bmp, "the masks of the colours", Place + 12, data.Length);
    }

    private static int Colors(ReadOnlySpan<byte> data, bool core, int bits, int offset, int entry)
    {
        var stated = core ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(data[46..]);
        var colors = stated is > 0 and <= 256 ? (int)stated : 1 << bits;
        return offset + (colors * entry) <= data.Length
            ? colors
            : throw ImageException.Truncated(
                ImageFormat.Bmp, $"the end of a palette of {colors} colours", offset + (colors * entry), data.Length);
    }

    private static uint HeaderSize(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadUInt32LittleEndian(data[FileHeader..]);
}
