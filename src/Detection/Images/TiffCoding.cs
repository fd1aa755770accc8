namespace Nanodet.Detection.Images;

/// <summary>How the pixels of a TIFF's first image are laid out and packed (TIFF 6.0, section 8 and the compression of tag 259).</summary>
/// <param name="Compression">Tag 259.</param>
/// <param name="SampleBits">Bits of all samples of a pixel, as few as they may be.</param>
/// <param name="PartWidth">Columns of a tile, or of the image where it has strips.</param>
/// <param name="PartHeight">Rows of a tile or strip, at most the image's where it has strips.</param>
/// <param name="IsTiled">Tiles, not strips.</param>
/// <param name="IsPlanar">The samples lie apart.</param>
internal readonly record struct TiffCoding(uint Compression, int SampleBits, long PartWidth, long PartHeight, bool IsTiled, bool IsPlanar)
{
    // 128 bytes in two.
    private const int MostByPackBits = 64;

    /// <summary>
    /// The fewest bytes of data that the pixels take, however flat they are; 0 for encodings without such a limit, such as WebP and
    /// Zstandard.
    /// </summary>
    internal long FewestBytes(ImageHeader header)
    {
        var rawBytes = header.Pixels * SampleBits / 8;
        return Compression switch
        {
            1 => rawBytes,

            // Fax: a white row is one bit at least.
            2 or 3 or 4 => header.Height / 8,
            5 => rawBytes / GifHeader.MostByLzw,

            // JPEG: one bit for a block of 64 pixels at least.
            6 or 7 => header.Pixels / 64 / 8,
            8 or 32946 => rawBytes / PngHeader.MostByDeflate,
            32773 => rawBytes / MostByPackBits,
            _ => 0,
        };
    }

    /// <summary>
    /// Memory of the decoder: the strip that is unpacked, once more where its samples are put together; of tiles one, and the rows of them
    /// that libvips keeps.
    /// </summary>
    internal long WorkingBytes(ImageHeader header)
    {
        const int KeptRows = 3;

        // libvips unpacks samples of fewer than 8 bits, and colours of a palette, to bytes.
        var pixelBytes = Math.Max(PixelBuffer.Channels, SampleBits / 8);
        if (!IsTiled)
        {
            return PartWidth * PartHeight * pixelBytes * (IsPlanar ? 2 : 1);
        }

        var tile = PartWidth * PartHeight * pixelBytes;
        var across = (header.Width + PartWidth - 1) / PartWidth;
        var down = (header.Height + PartHeight - 1) / PartHeight;
        return tile * (1 + (across * Math.Min(KeptRows, down)));
    }
}
