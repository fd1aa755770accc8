using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>Walks a JPEG's markers from start to end of image (ITU-T T.81, annex B), as libjpeg would find them.</summary>
internal static class JpegHeader
{
    private const byte StartOfScan = 0xDA;
    private const byte EndOfImage = 0xD9;
    private const byte StartOfImage = 0xD8;

    internal static ReadOnlySpan<byte> Signature => [0xFF, 0xD8, 0xFF];

    internal static ImageHeader Read(ReadOnlySpan<byte> data, ImageLimits limits)
    {
        ImageHeader? header = null;
        var scans = 0;
        var position = 2;
        while (true)
        {
            var marker = NextMarker(data, ref position);
            switch (marker)
            {
                case EndOfImage when header is null || scans == 0:
                    throw ImageException.Undecodable(
                        ImageFormat.Jpeg,
                        $"expected a frame and a scan before the end of the image at byte {position - 2}.");
                case EndOfImage:
                    return header.Value;
                case var alone when StandsAlone(alone):
                    continue;
                default:
                    break;
            }

            var length = SegmentLength(data, position);
            if (IsStartOfFrame(marker))
            {
                header = Frame(data, position, length, limits);
            }
            else if (marker == StartOfScan && ++scans > ImageLimits.MaxJpegScans)
            {
                throw ImageException.Undecodable(
                    ImageFormat.Jpeg,
                    $"expected at most {ImageLimits.MaxJpegScans} scans, found another one at byte {position - 2}.");
            }

            position += length;
        }
    }

    /// <summary>
    /// Skips to the next marker and behind it. Serves segments and entropy data alike: a zero after 0xFF is a stuffed data byte,
    /// more 0xFF are fill bytes.
    /// </summary>
    internal static byte NextMarker(ReadOnlySpan<byte> data, ref int position)
    {
        while (true)
        {
            var skip = position < data.Length ? data[position..].IndexOf((byte)0xFF) : -1;
            if (skip < 0)
            {
                throw ImageException.Truncated(ImageFormat.Jpeg, "the end-of-image marker (FF D9)", data.Length, data.Length);
            }

            position += skip;
            while (position < data.Length && data[position] == 0xFF)
            {
                position++;
            }

            if (position < data.Length && data[position++] is var marker && marker != 0)
            {
                return marker;
            }
        }
    }

    internal static int SegmentLength(ReadOnlySpan<byte> data, int position)
    {
        if (position + 2 > data.Length)
        {
            throw ImageException.Truncated(ImageFormat.Jpeg, "a segment's length", position, data.Length);
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(data[position..]);
        if (length < 2)
        {
            throw ImageException.Undecodable(
                ImageFormat.Jpeg,
                $"expected a segment length of at least 2 at byte {position}, found {length}.");
        }

        return position + length <= data.Length
            ? length
            : throw ImageException.Truncated(ImageFormat.Jpeg, $"the end of a segment of {length} bytes", position + length, data.Length);
    }

    private static ImageHeader Frame(ReadOnlySpan<byte> data, int position, int length, ImageLimits limits)
    {
        if (length < 8)
        {
            throw ImageException.Undecodable(
                ImageFormat.Jpeg,
                $"expected a frame header of at least 8 bytes at byte {position}, found {length}.");
        }

        var height = BinaryPrimitives.ReadUInt16BigEndian(data[(position + 3)..]);
        var width = BinaryPrimitives.ReadUInt16BigEndian(data[(position + 5)..]);
        return limits.RequirePixels(ImageFormat.Jpeg, width, height);
    }

    /// <summary>SOF0 to SOF15 without the tables DHT (C4), JPG (C8) and DAC (CC) that lie between them.</summary>
    internal static bool IsStartOfFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);

    /// <summary>Markers without a segment: SOI, TEM and the restart markers.</summary>
    internal static bool StandsAlone(byte marker) => marker is StartOfImage or 0x01 or (>= 0xD0 and <= 0xD7);
}
