using Nanodet.Detection.Images;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Images;

/// <summary>Between pixels that a test draws and those of the decoder.</summary>
internal static class PixelBuffers
{
    internal static PixelBuffer ToBuffer(this TestPicture picture)
    {
        var buffer = new PixelBuffer(picture.Width, picture.Height);
        for (var y = 0; y < picture.Height; y++)
        {
            picture.Pixels.AsSpan(3 * picture.Width * y, 3 * picture.Width).CopyTo(buffer.Row(y));
        }

        return buffer;
    }

    internal static DecodedImage ToImage(this TestPicture picture, ImageFormat format = ImageFormat.Png) => new(picture.ToBuffer(), format);

    /// <summary>All bytes, rows without a gap.</summary>
    internal static byte[] ToBytes(this PixelBuffer buffer)
    {
        var bytes = new byte[3 * buffer.Width * buffer.Height];
        for (var y = 0; y < buffer.Height; y++)
        {
            buffer.Row(y).CopyTo(bytes.AsSpan(3 * buffer.Width * y));
        }

        return bytes;
    }

    internal static int LargestDifference(byte[] expected, PixelBuffer actual) =>
        expected.Zip(actual.ToBytes(), (a, b) => Math.Abs(a - b)).Max();
}
