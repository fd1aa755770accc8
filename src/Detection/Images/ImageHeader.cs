namespace Nanodet.Detection.Images;

/// <summary>What the encoded bytes say about an image, read without decoding or allocating anything.</summary>
/// <param name="Format">The encoding.</param>
/// <param name="Width">Columns as stored, in pixels, before EXIF orientation.</param>
/// <param name="Height">Rows as stored, in pixels, before EXIF orientation.</param>
internal readonly record struct ImageHeader(ImageFormat Format, int Width, int Height)
{
    private const string Accepted = "JPEG, PNG, BMP, WebP, GIF or TIFF";

    /// <summary>Width times height.</summary>
    public long Pixels => (long)Width * Height;

    /// <summary>
    /// Memory that a decoder takes beside the pixels that it gives and the encoded bytes, in bytes, at most; 0 where it takes rows only.
    /// </summary>
    public long WorkingBytes { get; init; }

    /// <summary>
    /// True for a JPEG that ends in its last scan: the decoder has to find out whether that is complete but for the end-of-image marker.
    /// </summary>
    public bool LacksEnd { get; init; }

    /// <summary>Reads format and size, enforces the limits, and walks the file's structure to its end.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <param name="limits">Checked in this order: bytes, then sides and pixels, then completeness, then memory.</param>
    /// <returns>The header of a structurally complete image within the limits.</returns>
    /// <exception cref="ImageException">Any of <see cref="ImageErrorCodes"/>.</exception>
    public static ImageHeader Read(ReadOnlySpan<byte> encoded, ImageLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (encoded.IsEmpty)
        {
            throw new ImageException(ImageErrorCodes.Empty, $"Expected the bytes of a {Accepted} image, found 0 bytes.");
        }

        limits.RequireBytes(encoded.Length);
        var header = Identify(encoded) switch
        {
            ImageFormat.Jpeg => JpegHeader.Read(encoded, limits),
            ImageFormat.Png => PngHeader.Read(encoded, limits),
            ImageFormat.Bmp => BmpHeader.Read(encoded, limits),
            ImageFormat.WebP => WebPHeader.Read(encoded, limits),
            ImageFormat.Gif => GifHeader.Read(encoded, limits),
            _ => TiffHeader.Read(encoded, limits),
        };
        limits.RequireMemory(header, encoded.Length);
        return header;
    }

    /// <summary>
    /// Memory that an image takes until its tensor is written, in bytes, at most: its pixels; beside them the decoder's own memory, or the
    /// pixels once more while they are turned; and the encoded bytes twice, as libvips copies them and a TIFF is prepared for it.
    /// </summary>
    /// <param name="encodedBytes">Length of the file.</param>
    internal long DecodingBytes(long encodedBytes)
    {
        var pixelBytes = PixelBuffer.Channels * Pixels;
        return pixelBytes + Math.Max(pixelBytes, WorkingBytes) + (2 * encodedBytes);
    }

    private static ImageFormat Identify(ReadOnlySpan<byte> encoded)
    {
        if (Begins(encoded, JpegHeader.Signature, ImageFormat.Jpeg))
        {
            return ImageFormat.Jpeg;
        }

        if (Begins(encoded, PngHeader.Signature, ImageFormat.Png))
        {
            return ImageFormat.Png;
        }

        if (encoded.StartsWith("BM"u8) && BmpHeader.Looks(encoded))
        {
            return ImageFormat.Bmp;
        }

        if (Begins(encoded, "RIFF"u8, ImageFormat.WebP) && WebPHeader.Looks(encoded))
        {
            return ImageFormat.WebP;
        }

        if (Begins(encoded, "GIF87a"u8, ImageFormat.Gif) || Begins(encoded, "GIF89a"u8, ImageFormat.Gif))
        {
            return ImageFormat.Gif;
        }

        if (Begins(encoded, TiffHeader.LittleEndian, ImageFormat.Tiff) || Begins(encoded, TiffHeader.BigEndian, ImageFormat.Tiff))
        {
            return ImageFormat.Tiff;
        }

        var found = UnacceptedFormat.Describe(encoded)
            ?? $"{Convert.ToHexString(encoded[..Math.Min(8, encoded.Length)])} in a file of {encoded.Length} bytes";
        throw new ImageException(ImageErrorCodes.NotAnImage, $"Expected the first bytes of a {Accepted} image, found {found}.");
    }

    /// <summary>True for the whole signature; a file that ends inside the signature, after two bytes or more of it, is truncated.</summary>
    private static bool Begins(ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> signature, ImageFormat format)
    {
        if (encoded.Length >= signature.Length)
        {
            return encoded.StartsWith(signature);
        }

        return encoded.Length >= 2 && signature.StartsWith(encoded)
            ? throw ImageException.Truncated(format, "the rest of the signature", encoded.Length, encoded.Length)
            : false;
    }
}
