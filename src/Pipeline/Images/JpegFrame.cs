namespace Nanodet.Serverless.Pipeline.Images;

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
}
