namespace Nanodet.Detection.Images;

/// <summary>
/// One image file on its way to pixels. Its header is read once, at the first <see cref="Open"/>; whoever asks again gets the same answer.
/// Used by one thread at a time.
/// </summary>
/// <param name="file">The bytes of a file; they have to stay as they are.</param>
/// <param name="name">What the regions of a filter know it by; null where nobody said.</param>
internal sealed class EncodedImage(ReadOnlyMemory<byte> file, string? name = null)
{
    private ImageHeader? _header;
    private ImageException? _failure;

    /// <summary>What the regions of a filter know it by; null where nobody said.</summary>
    internal string? Name { get; } = name;

    /// <summary>The bytes as they came.</summary>
    internal ReadOnlyMemory<byte> File { get; } = file;

    /// <summary>True for gzip data, which have to be unpacked before anything of the image is known.</summary>
    internal bool IsPacked { get; } = GzipImage.Looks(file.Span);

    /// <summary>The image's own bytes: the file, or what was packed in it. Right after <see cref="Open"/>.</summary>
    internal ReadOnlyMemory<byte> Bytes { get; private set; } = file;

    /// <summary>Lets unpacked bytes go; <see cref="Open"/> unpacks them again.</summary>
    internal void Release()
    {
        if (IsPacked)
        {
            Bytes = File;
            _header = null;
        }
    }

    /// <summary>Unpacks the file where it is packed, and reads the header.</summary>
    /// <param name="limits">What the image may cost; the same each time.</param>
    /// <returns>The header.</returns>
    /// <exception cref="ImageException">The image cannot be used; the same one each time.</exception>
    internal ImageHeader Open(ImageLimits limits)
    {
        if (_header is { } known)
        {
            return known;
        }

        if (_failure is not null)
        {
            throw _failure;
        }

        try
        {
            Bytes = GzipImage.Unpack(File, limits);
            var header = ImageHeader.Read(Bytes.Span, limits);
            _header = header;
            return header;
        }
        catch (ImageException exception)
        {
            Bytes = File;
            _failure = exception;
            throw;
        }
    }
}
