using System.IO.Compression;

namespace Nanodet.Detection.Images;

/// <summary>
/// Image files that were compressed with gzip on their way here, as some tools store them and some clients send them. Unpacked once: what
/// comes out has to be an image.
/// </summary>
internal static unsafe class GzipImage
{
    private const int FirstBuffer = 64 << 10;

    /// <summary>Header, an empty block, checksum and length.</summary>
    private const int Shortest = 10 + 2 + 8;

    /// <summary>True for data that begin like gzip's (RFC 1952).</summary>
    /// <param name="data">The bytes of a file.</param>
    internal static bool Looks(ReadOnlySpan<byte> data) => data.StartsWith<byte>([0x1F, 0x8B]);

    /// <summary>The image's own bytes: without a copy where they are not packed.</summary>
    /// <param name="data">The bytes of a file.</param>
    /// <param name="limits">Holds for the packed and for the unpacked bytes; no more memory is taken than twice the latter.</param>
    /// <exception cref="ImageException">
    /// <see cref="ImageErrorCodes.TooLarge"/>, or <see cref="ImageErrorCodes.Undecodable"/> for damaged data.
    /// </exception>
    internal static ReadOnlyMemory<byte> Unpack(ReadOnlyMemory<byte> data, ImageLimits limits) =>
        Looks(data.Span) ? UnpackAll(data.Span, limits) : data;

    /// <inheritdoc cref="Unpack(ReadOnlyMemory{byte}, ImageLimits)"/>
    internal static ReadOnlySpan<byte> Unpack(ReadOnlySpan<byte> data, ImageLimits limits) =>
        Looks(data) ? UnpackAll(data, limits).Span : data;

    private static ReadOnlyMemory<byte> UnpackAll(ReadOnlySpan<byte> data, ImageLimits limits)
    {
        limits.RequireBytes(data.Length);
        if (data.Length < Shortest)
        {
            throw Damaged(data.Length, null);
        }

        fixed (byte* start = data)
        {
            using var packed = new UnmanagedMemoryStream(start, data.Length);
            using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
            try
            {
                return ReadAll(unpacked, limits);
            }
            catch (InvalidDataException exception)
            {
                throw Damaged(data.Length, exception);
            }
        }
    }

    private static ImageException Damaged(int length, InvalidDataException? exception) => new(
        ImageErrorCodes.Undecodable,
        $"Expected an image packed with gzip, found {length} bytes that begin like gzip data and are damaged or cut off. "
        + "Send or store the image itself, or pack it again.",
        exception);

    private static ReadOnlyMemory<byte> ReadAll(GZipStream unpacked, ImageLimits limits)
    {
        // Memory follows what has come: what the data say about their own length is not believed.
        var most = (int)Math.Min(limits.MaxBytes, Array.MaxLength - 1) + 1;
        var buffer = new byte[Math.Min(FirstBuffer, most)];
        var length = 0;
        while (unpacked.Read(buffer, length, buffer.Length - length) is > 0 and var read)
        {
            length += read;
            if (length > limits.MaxBytes)
            {
                throw limits.TooLarge("more in the gzip data");
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(2L * length, most));
            }
        }

        return length > 0
            ? buffer.AsMemory(0, length)
            : throw new ImageException(ImageErrorCodes.Empty, "Expected the bytes of an image in the gzip data, found 0 bytes.");
    }
}
