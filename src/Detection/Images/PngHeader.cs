using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>
/// Walks a PNG's chunks from IHDR to IEND (W3C PNG specification, section 5). Those of an animation (acTL, fcTL, fdAT) are passed over, as
/// the decoder does: it unpacks IDAT only. An image of 6000x6000 took 4.0 bytes a pixel at its peak without an animation, 4.0 with 3 frames
/// and 4.2 with 30, the 3 bytes of the result included (libvips 8.18.7).
/// </summary>
internal static class PngHeader
{
    private const int ChunkOverhead = 12;

    /// <summary>What a byte of deflate's data unpacks to at most: a match of 258 bytes in two bits.</summary>
    internal const int MostByDeflate = 1032;

    internal static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    internal static ImageHeader Read(ReadOnlySpan<byte> data, ImageLimits limits)
    {
        ImageHeader? header = null;
        var sawData = false;
        long dataBytes = 0;
        long rawBytes = 0;
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
                header = Dimensions(chunk, length, type, limits, out rawBytes);
            }

            if (position + ChunkOverhead + length > data.Length)
            {
                throw ImageException.Truncated(
                    ImageFormat.Png,
                    $"the end of a chunk of {length} bytes",
                    position + ChunkOverhead + length,
                    data.Length);
            }

            if (type.SequenceEqual("IDAT"u8))
            {
                sawData = true;
                dataBytes += length;
            }

            position += ChunkOverhead + length;
            if (type.SequenceEqual("IEND"u8))
            {
                if (!sawData)
                {
                    throw ImageException.Undecodable(ImageFormat.Png, $"expected an IDAT chunk before IEND at byte {position}.");
                }

                ImageException.RequirePlausible(header.Value, rawBytes / MostByDeflate, dataBytes);
                return header.Value;
            }
        }
    }

    private static ImageHeader Dimensions(
        ReadOnlySpan<byte> chunk, uint length, ReadOnlySpan<byte> type, ImageLimits limits, out long rawBytes)
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

        var header = limits.RequirePixels(
            ImageFormat.Png,
            BinaryPrimitives.ReadUInt32BigEndian(chunk[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(chunk[12..]));
        var (bits, color, isInterlaced) = (chunk[16], chunk[17], chunk[20] != 0);
        var samples = color switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        rawBytes = header.Pixels * samples * bits / 8;

        // Interlaced rows are complete at the end only; a palette becomes colours with alpha, and so may any other transparent colour.
        const int MostSamples = 4;
        return isInterlaced ? header with { WorkingBytes = header.Pixels * MostSamples * (bits > 8 ? 2 : 1) } : header;
    }
}
