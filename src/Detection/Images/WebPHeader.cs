using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>Reads a WebP's RIFF header and its first chunk: VP8 (RFC 6386), VP8L or VP8X (RFC 9649).</summary>
internal static class WebPHeader
{
    private const int FirstPayload = 20;

    /// <summary>The decoder gives the whole image, with alpha, and has as much for itself; an animation has its canvas besides.</summary>
    private const int WorkingBytesPerPixel = 8;

    internal static bool Looks(ReadOnlySpan<byte> data) => data.Length < 12
        ? throw ImageException.Truncated(ImageFormat.WebP, "the RIFF header", data.Length, data.Length)
        : data.Slice(8, 4).SequenceEqual("WEBP"u8);

    internal static ImageHeader Read(ReadOnlySpan<byte> data, ImageLimits limits)
    {
        if (data.Length < FirstPayload + 10)
        {
            throw ImageException.Truncated(ImageFormat.WebP, "the first chunk", FirstPayload + 10, data.Length);
        }

        var header = Dimensions(data.Slice(12, 4), data[FirstPayload..], limits);
        var end = 8L + BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
        if (end > data.Length)
        {
            throw ImageException.Truncated(ImageFormat.WebP, "the end of the RIFF container", end, data.Length);
        }

        var chunkEnd = FirstPayload + (long)BinaryPrimitives.ReadUInt32LittleEndian(data[16..]);
        return chunkEnd <= data.Length
            ? header with { WorkingBytes = WorkingBytesPerPixel * header.Pixels }
            : throw ImageException.Truncated(ImageFormat.WebP, "the end of the first chunk", chunkEnd, data.Length);
    }

    private static ImageHeader Dimensions(ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> payload, ImageLimits limits)
    {
        if (chunk.SequenceEqual("VP8 "u8) && payload.Slice(3, 3).SequenceEqual<byte>([0x9D, 0x01, 0x2A]))
        {
            return limits.RequirePixels(
                ImageFormat.WebP,
                BinaryPrimitives.ReadUInt16LittleEndian(payload[6..]) & 0x3FFF,
                BinaryPrimitives.ReadUInt16LittleEndian(payload[8..]) & 0x3FFF);
        }

        if (chunk.SequenceEqual("VP8L"u8) && payload[0] == 0x2F)
        {
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(payload[1..]);
            return limits.RequirePixels(ImageFormat.WebP, (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1);
        }

        if (chunk.SequenceEqual("VP8X"u8))
        {
            return limits.RequirePixels(ImageFormat.WebP, UInt24(payload[4..]) + 1, UInt24(payload[7..]) + 1);
        }

        throw ImageException.Undecodable(
            ImageFormat.WebP,
            $"expected a VP8, VP8L or VP8X chunk at byte 12, found {Convert.ToHexString(chunk)}.");
    }

    private static long UInt24(ReadOnlySpan<byte> data) => data[0] | (data[1] << 8) | (data[2] << 16);
}
