using System.Buffers.Binary;

namespace Nanodet.Detection.Images;

/// <summary>What a JPEG says before its first scan about colours and orientation. Read from a file whose structure was checked.</summary>
/// <param name="Components">Samples a pixel: 1 for grayscale, 3 for colour, 4 for CMYK.</param>
/// <param name="HasAdobeMarker">True where Adobe's segment says so: its CMYK is stored inverted, as nearly every one is.</param>
/// <param name="Orientation">EXIF's.</param>
internal readonly record struct JpegFrame(int Components, bool HasAdobeMarker, ImageOrientation Orientation)
{
    private const byte StartOfScan = 0xDA;
    private const byte App1 = 0xE1;
    private const byte App14 = 0xEE;

    private static ReadOnlySpan<byte> Exif => "Exif\0\0"u8;

    /// <summary>
    /// Makes the stated sides multiples of a reduction, up to the next one: the blocks that are stored have the pixels. A decoder that
    /// leaves out what is not a whole reduced pixel gives the last one, too.
    /// </summary>
    /// <param name="data">A file whose structure was checked; changed.</param>
    /// <param name="reduction">2, 4 or 8, which divide a block's side.</param>
    internal static void RoundUp(Span<byte> data, int reduction)
    {
        for (var position = 2; ;)
        {
            var marker = JpegHeader.NextMarker(data, ref position);
            if (marker == StartOfScan)
            {
                return;
            }

            if (JpegHeader.StandsAlone(marker))
            {
                continue;
            }

            if (JpegHeader.IsStartOfFrame(marker))
            {
                RoundUpSide(data[(position + 3)..], reduction);
                RoundUpSide(data[(position + 5)..], reduction);
            }

            position += JpegHeader.SegmentLength(data, position);
        }
    }

    internal static JpegFrame Read(ReadOnlySpan<byte> data)
    {
        var frame = new JpegFrame(0, false, ImageOrientation.TopLeft);
        var sawExif = false;
        var position = 2;
        while (true)
        {
            var marker = JpegHeader.NextMarker(data, ref position);
            if (JpegHeader.StandsAlone(marker))
            {
                continue;
            }

            var length = JpegHeader.SegmentLength(data, position);
            var body = data.Slice(position + 2, length - 2);
            if (marker == StartOfScan)
            {
                return frame;
            }

            if (JpegHeader.IsStartOfFrame(marker))
            {
                frame = frame with { Components = body[5] };
            }
            else if (marker == App1 && !sawExif && body.StartsWith(Exif))
            {
                sawExif = true;
                frame = frame with { Orientation = ImageOrientations.Read(body[Exif.Length..]) };
            }
            else if (marker == App14 && body.Length >= 12 && body.StartsWith("Adobe"u8))
            {
                frame = frame with { HasAdobeMarker = true };
            }

            position += length;
        }
    }

    private static void RoundUpSide(Span<byte> side, int reduction) => BinaryPrimitives.WriteUInt16BigEndian(
        side, (ushort)(ReducedSize.Of(BinaryPrimitives.ReadUInt16BigEndian(side), reduction) * reduction));
}
