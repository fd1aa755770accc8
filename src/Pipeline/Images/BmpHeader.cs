using System.Buffers.Binary;

namespace Nanodet.Serverless.Pipeline.Images;

/// <summary>Reads a Windows bitmap's headers: BITMAPFILEHEADER, then one of the known DIB headers.</summary>
internal static class BmpHeader
{
    private const int FileHeader = 14;
    private const int CoreHeader = 12;
    private const uint Rgb = 0;
    private const uint BitFields = 3;

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

        long pixelOffset = BinaryPrimitives.ReadUInt32LittleEndian(data[10..]);
        long bitsPerPixel = BinaryPrimitives.ReadUInt16LittleEndian(data[(core ? 24 : 28)..]);
        var compression = core ? Rgb : BinaryPrimitives.ReadUInt32LittleEndian(data[30..]);
        var pixelBytes = compression is Rgb or BitFields
            ? ((width * bitsPerPixel) + 31) / 32 * 4 * height
            : BinaryPrimitives.ReadUInt32LittleEndian(data[34..]);
        return pixelOffset + pixelBytes <= data.Length
            ? header
            : throw ImageException.Truncated(ImageFormat.Bmp, "the end of the pixel data", pixelOffset + pixelBytes, data.Length);
    }

    private static uint HeaderSize(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadUInt32LittleEndian(data[FileHeader..]);
}
