using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NetVips;

namespace Nanodet.Serverless.TestKit;

/// <summary>Synthetic images, drawn and encoded on the spot.</summary>
public static class TestImages
{
    /// <summary>A smooth gradient: no flat areas, so that every shift shows.</summary>
    public static TestPicture Gradient(int width, int height)
    {
        var image = new TestPicture(width, height);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                image[x, y] = new Bgr((byte)(x * 255 / width), (byte)(y * 255 / height), (byte)((x + y) * 255 / (width + height)));
            }
        }

        return image;
    }

    /// <summary>A noise picture as PNG, different for each seed: every value of a pixel occurs.</summary>
    public static byte[] Noise(int width, int height, int seed)
    {
        var picture = new TestPicture(width, height);
        var state = unchecked((uint)((seed * 747796405) + 1));
        for (var i = 0; i < picture.Pixels.Length; i++)
        {
            state = (state * 1664525) + 1013904223;
            picture.Pixels[i] = (byte)(state >> 24);
        }

        return Encode(".png", picture);
    }

    /// <summary>The gradient, encoded; the ending picks the format, for example <c>.jpg</c>.</summary>
    public static byte[] Encoded(string ending, int width = 80, int height = 40, bool variant = false) =>
        Encode(ending, Gradient(width, height), variant: variant);

    /// <summary>A black image with one filled rectangle.</summary>
    public static byte[] Rectangle(int width, int height, Rect rectangle, Bgr color, string ending = ".png") =>
        Encode(ending, new TestPicture(width, height).Fill(rectangle, color));

    /// <summary>Encodes a picture.</summary>
    /// <param name="ending">Picks the format.</param>
    /// <param name="picture">The pixels.</param>
    /// <param name="quality">Of JPEG and of lossy WebP, 1 to 100.</param>
    /// <param name="variant">The other kind of the format: progressive JPEG, interlaced PNG and GIF, lossy WebP.</param>
    public static byte[] Encode(string ending, TestPicture picture, int quality = 95, bool variant = false)
    {
        var samples = new byte[picture.Pixels.Length];
        for (var i = 0; i < samples.Length; i += 3)
        {
            (samples[i], samples[i + 1], samples[i + 2]) = (picture.Pixels[i + 2], picture.Pixels[i + 1], picture.Pixels[i]);
        }

        return ending == ".bmp"
            ? Bitmap(picture)
            : Encode<byte>(ending, samples, picture.Width, picture.Height, 3, quality, variant);
    }

    /// <summary>Encodes samples of 8 or 16 bits: grayscale, with alpha, or red, green, blue, with alpha.</summary>
    public static byte[] Encode<T>(
        string ending, T[] samples, int width, int height, int bands, int quality = 95, bool variant = false)
        where T : unmanaged
    {
        var format = typeof(T) == typeof(byte) ? Enums.BandFormat.Uchar : typeof(T) == typeof(ushort) ? Enums.BandFormat.Ushort : Enums.BandFormat.Float;
        var interpretation = (bands < 3, format) switch
        {
            (true, Enums.BandFormat.Ushort) => Enums.Interpretation.Grey16,
            (true, _) => Enums.Interpretation.Bw,
            (false, Enums.BandFormat.Ushort) => Enums.Interpretation.Rgb16,
            (false, Enums.BandFormat.Float) => Enums.Interpretation.Scrgb,
            _ => Enums.Interpretation.Srgb,
        };
        using var raw = Image.NewFromMemoryCopy<byte>(MemoryMarshal.AsBytes(samples.AsSpan()), width, height, bands, format);
        using var image = raw.Copy(interpretation: interpretation);
        return ending switch
        {
            ".jpg" => image.JpegsaveBuffer(q: quality, interlace: variant, subsampleMode: Enums.ForeignSubsample.On),
            ".png" => image.PngsaveBuffer(interlace: variant),
            ".webp" => image.WebpsaveBuffer(q: quality, lossless: !variant),
            ".gif" => image.GifsaveBuffer(interlace: variant),
            ".tiff" => image.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Lzw),
            _ => throw new ArgumentOutOfRangeException(nameof(ending), ending, "Expected .jpg, .png, .webp, .gif or .tiff."),
        };
    }

    private static byte[] Bitmap(TestPicture picture)
    {
        const int Header = 54;
        var stride = ((3 * picture.Width) + 3) / 4 * 4;
        var file = new byte[Header + (stride * picture.Height)];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), Header);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), picture.Width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), picture.Height);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(26), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(28), 24);
        for (var y = 0; y < picture.Height; y++)
        {
            picture.Pixels.AsSpan(3 * picture.Width * y, 3 * picture.Width).CopyTo(file.AsSpan(Header + (stride * (picture.Height - 1 - y))));
        }

        return file;
    }

    /// <summary>Puts an EXIF segment with an orientation (1 to 8) behind a JPEG's first marker.</summary>
    public static byte[] WithExifOrientation(byte[] jpeg, ushort orientation)
    {
        byte[] segment =
        [
            0xFF, 0xE1, 0, 34,
            .. "Exif\0\0"u8,
            .. "MM\0*"u8, 0, 0, 0, 8,
            0, 1,
            0x01, 0x12, 0, 3, 0, 0, 0, 1, (byte)(orientation >> 8), (byte)orientation, 0, 0,
            0, 0, 0, 0,
        ];
        return [.. jpeg[..2], .. segment, .. jpeg[2..]];
    }

    /// <summary>A PNG that only claims to have that size: signature, IHDR, a token IDAT and IEND.</summary>
    public static byte[] PngClaiming(uint width, uint height)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(header, width);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8;
        header[9] = 2;
        byte[] emptyDeflate = [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01];
        return
        [
            0x89, .. "PNG\r\n"u8, 0x1A, 0x0A,
            .. PngChunk("IHDR"u8, header), .. PngChunk("IDAT"u8, emptyDeflate), .. PngChunk("IEND"u8, []),
        ];
    }

    /// <summary>
    /// A PNG that got an animation: its own pixels as the first frame, or hidden behind it, and more frames whose data nobody can unpack.
    /// </summary>
    /// <param name="png">A PNG; the animation has its size.</param>
    /// <param name="frames">Frames of the animation.</param>
    /// <param name="isHidden">Whether the pixels of the PNG are no frame.</param>
    public static byte[] Animated(byte[] png, int frames, bool isHidden = false)
    {
        const int FirstChunks = 8 + 25;
        var sequence = 0;
        var (before, behind) = (new List<byte>(), new List<byte>());
        byte[] control = [.. Int32(frames), .. Int32(0)];
        before.AddRange(PngChunk("acTL"u8, control));
        for (var i = 0; i < frames; i++)
        {
            var isFirst = i == 0 && !isHidden;
            (isFirst ? before : behind).AddRange(
                PngChunk("fcTL"u8, [.. Int32(sequence++), .. png[16..24], .. Int32(0), .. Int32(0), 0, 1, 0, 10, 0, 0]));
            if (!isFirst)
            {
                behind.AddRange(PngChunk("fdAT"u8, [.. Int32(sequence++), .. new byte[1000]]));
            }
        }

        return [.. png[..FirstChunks], .. before, .. png[FirstChunks..^12], .. behind, .. png[^12..]];

        static byte[] Int32(int value)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(bytes, value);
            return bytes;
        }
    }

    private static byte[] PngChunk(ReadOnlySpan<byte> type, byte[] data)
    {
        byte[] body = [.. type, .. data];
        var chunk = new byte[body.Length + 8];
        BinaryPrimitives.WriteUInt32BigEndian(chunk, (uint)data.Length);
        body.CopyTo(chunk.AsSpan(4));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(4 + body.Length), Crc32(body));
        return chunk;
    }

    private static uint Crc32(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
