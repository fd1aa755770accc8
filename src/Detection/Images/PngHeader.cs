using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>Walks a PNG's chunks from IHDR to IEND (W3C PNG specification, section 5).</summary>
internal static class PngHeader
{
    private const int ChunkOverhead = 12;

    internal static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    internal static ImageHeader Read(ReadOnlySpan<byte> data, ImageLimits limits)
    {
        ImageHeader? header = null;
        var sawData = false;
        long position = Signature.Length;
        while (true)
        {
            if (position + ChunkOverhead > data.Length)
            {
                throw ImageException.Truncated(ImageFormat.Png, "a chunk, up to IEND", position, data.Length);
            }

            var chunk = data[(int)position..];
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            var type = chunk.Slice(4, 4);
            if (header is null)
            {
                header = Dimensions(chunk, length, type, limits);
            }

            if (position + ChunkOverhead + length > data.Length)
            {
                throw ImageException.Truncated(
                    ImageFormat.Png,
                    $"the end of a chunk of {length} bytes",
                    position + ChunkOverhead + length,
                    data.Length);
            }

            sawData |= type.SequenceEqual("IDAT"u8);
            position += ChunkOverhead + length;
            if (type.SequenceEqual("IEND"u8))
            {
                return sawData
                    ? header.Value
                    : throw ImageException.Undecodable(ImageFormat.Png, $"expected an IDAT chunk before IEND at byte {position}.");
            }
        }
    }

    private static ImageHeader Dimensions(ReadOnlySpan<byte> chunk, uint length, ReadOnlySpan<byte> type, ImageLimits limits)
    {
        if (!type.SequenceEqual("IHDR"u8) || length != 13)
        {
            throw ImageException.Undecodable(
                ImageFormat.Png,
                $"expected an IHDR chunk of 13 bytes at byte 8, found {Convert.ToHexString(type)} of {length} bytes.");
        }

        if (chunk.Length < 8 + 13)
        {
            throw ImageException.Truncated(ImageFormat.Png, "the end of IHDR", 8 + 8 + 13, 8 + chunk.Length);
        }

        return limits.RequirePixels(
            ImageFormat.Png,
            BinaryPrimitives.ReadUInt32BigEndian(chunk[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(chunk[12..]));
    }
}
