using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>Walks a JPEG's markers from start to end of image (ITU-T T.81, annex B), as libjpeg would find them.</summary>
internal static class JpegHeader
{
    private const byte StartOfScan = 0xDA;
    private const byte EndOfImage = 0xD9;
    private const byte StartOfImage = 0xD8;

    internal static ReadOnlySpan<byte> Signature => [0xFF, 0xD8, 0xFF];

    /// <summary>
    /// Walks the file. One that ends in its last scan, without an end-of-image marker, is let through with
    /// <see cref="ImageHeader.LacksEnd"/>: only a decoder can tell whether that scan has all of its pixels.
    /// </summary>
    internal static ImageHeader Read(ReadOnlySpan<byte> data, ImageLimits limits)
    {
        ImageHeader? header = null;
        var scans = new JpegScans(stackalloc byte[JpegScans.MostComponents], stackalloc ulong[JpegScans.MostComponents]);
        var position = 2;
        while (TryNextMarker(data, ref position, out var marker))
        {
            if (marker == EndOfImage)
            {
                return header is { } found && scans.Count > 0
                    ? Complete(found, scans, data.Length)
                    : throw ImageException.Undecodable(
                        ImageFormat.Jpeg,
                        $"expected a frame and a scan before the end of the image at byte {position - 2}.");
            }

            if (StandsAlone(marker))
            {
                continue;
            }

            var length = SegmentLength(data, position);
            var body = data.Slice(position + 2, length - 2);
            if (IsStartOfFrame(marker))
            {
                header = Frame(data, position, length, limits);
                scans.Begin(marker, body);
            }
            else if (marker == StartOfScan)
            {
                scans.Add(body);
                if (scans.Count > ImageLimits.MaxJpegScans)
                {
                    throw ImageException.Undecodable(
                        ImageFormat.Jpeg,
                        $"expected at most {ImageLimits.MaxJpegScans} scans, found another one at byte {position - 2}.");
                }
            }

            position += length;
        }

        return header is { } cut && scans.Count > 0 && scans.AreWhole
            ? Complete(cut, scans, data.Length) with { LacksEnd = true }
            : throw WithoutEnd(data.Length);
    }

    /// <summary>A file that ends before its end-of-image marker.</summary>
    internal static ImageException WithoutEnd(int length) =>
        ImageException.Truncated(ImageFormat.Jpeg, "the end-of-image marker (FF D9)", length, length);

    private static ImageHeader Complete(ImageHeader header, JpegScans scans, int length)
    {
        ImageException.RequirePlausible(header, scans.FewestBytes, length);
        return header with { WorkingBytes = scans.WorkingBytes(header.Pixels) };
    }

    /// <summary>
    /// Skips to the next marker and behind it. Serves segments and entropy data alike: a zero after 0xFF is a stuffed data byte,
    /// more 0xFF are fill bytes.
    /// </summary>
    internal static byte NextMarker(ReadOnlySpan<byte> data, ref int position) =>
        TryNextMarker(data, ref position, out var marker) ? marker : throw WithoutEnd(data.Length);

    private static bool TryNextMarker(ReadOnlySpan<byte> data, ref int position, out byte marker)
    {
        marker = 0;
        while (true)
        {
            var skip = position < data.Length ? data[position..].IndexOf((byte)0xFF) : -1;
            if (skip < 0)
            {
                return false;
            }

            position += skip;
            while (position < data.Length && data[position] == 0xFF)
            {
                position++;
            }

            if (position < data.Length && data[position++] is var found && found != 0)
            {
                marker = found;
                return true;
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
