using System.Buffers.Binary;
using OpenCvSharp;

namespace Nanodet.Serverless.TestKit;

/// <summary>Synthetic images, drawn and encoded on the spot.</summary>
public static class TestImages
{
    /// <summary>A smooth gradient with a bright rectangle: no flat areas, so that every shift shows.</summary>
    public static Mat Gradient(int width, int height)
    {
        var image = new Mat(height, width, MatType.CV_8UC3);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                image.Set(y, x, new Vec3b((byte)(x * 255 / width), (byte)(y * 255 / height), (byte)((x + y) * 255 / (width + height))));
            }
        }

        return image;
    }

    /// <summary>The gradient, encoded; the ending picks the format, for example <c>.jpg</c>.</summary>
    public static byte[] Encoded(string ending, int width = 80, int height = 40, params ReadOnlySpan<int> parameters)
    {
        using var image = Gradient(width, height);
        return Encode(ending, image, parameters);
    }

    /// <summary>A black image with one filled rectangle.</summary>
    public static byte[] Rectangle(int width, int height, Rect rectangle, Scalar color, string ending = ".png")
    {
        using var image = new Mat(height, width, MatType.CV_8UC3, Scalar.Black);
        Cv2.Rectangle(image, rectangle, color, Cv2.FILLED);
        return Encode(ending, image);
    }

    public static byte[] Encode(string ending, Mat image, params ReadOnlySpan<int> parameters)
    {
        if (!Cv2.ImEncode(ending, image, out var bytes, parameters.ToArray()))
        {
            throw new InvalidOperationException($"OpenCV did not encode {ending}.");
        }

        return bytes;
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
