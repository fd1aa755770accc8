using Nanodet.Serverless.Pipeline.Images;
using Nanodet.Serverless.TestKit;
using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Tests.Images;

public sealed class ImageDecoderTests
{
    private static readonly ImageLimits Limits = new();

    [Theory]
    [InlineData(".png")]
    [InlineData(".bmp")]
    [InlineData(".tiff")]
    [InlineData(".webp")]
    public void Decode_LosslessFormat_GivesTheSamePixels(string ending)
    {
        using var expected = TestImages.Gradient(80, 40);
        using var actual = ImageDecoder.Decode(TestImages.Encode(ending, expected), Limits);

        Assert.Equal((80, 40), (actual.Width, actual.Height));
        Assert.Equal(0, Cv2.Norm(expected, actual.Pixels, NormTypes.INF));
    }

    [Theory]
    [InlineData(".jpg", 12)]
    [InlineData(".gif", 96)]
    public void Decode_LossyFormat_GivesSimilarPixels(string ending, double tolerance)
    {
        using var expected = TestImages.Gradient(80, 40);
        using var actual = ImageDecoder.Decode(TestImages.Encode(ending, expected), Limits);

        Assert.InRange(Cv2.Norm(expected, actual.Pixels, NormTypes.INF), 0, tolerance);
    }

    [Fact]
    public void Decode_Alpha_IsDropped()
    {
        using var image = new Mat(4, 6, MatType.CV_8UC4, new Scalar(10, 20, 30, 40));
        AssertFlat(TestImages.Encode(".png", image), 10, 20, 30);
    }

    [Theory]
    [InlineData(".png")]
    [InlineData(".jpg")]
    [InlineData(".tiff")]
    public void Decode_Grayscale_IsWidened(string ending)
    {
        using var image = new Mat(8, 8, MatType.CV_8UC1, new Scalar(77));
        AssertFlat(TestImages.Encode(ending, image), 77, 77, 77);
    }

    [Theory]
    [InlineData(".png")]
    [InlineData(".tiff")]
    public void Decode_SixteenBits_AreScaledToEight(string ending)
    {
        using var image = new Mat(4, 6, MatType.CV_16UC3, new Scalar(10 * 256, 20 * 256, 30 * 256));
        AssertFlat(TestImages.Encode(ending, image), 10, 20, 30);
    }

    [Theory]
    [InlineData(255, 255, 255, 255, 255, 255, 255)]
    [InlineData(0, 255, 255, 255, 255, 255, 0)]
    [InlineData(255, 255, 0, 255, 0, 255, 255)]
    [InlineData(255, 255, 255, 0, 0, 0, 0)]
    public void Decode_CmykJpeg_BecomesBlueGreenRed(byte c, byte m, byte y, byte k, int blue, int green, int red) =>
        AssertFlat(FlatJpeg.Cmyk(c, m, y, k), blue, green, red, tolerance: 2);

    [Theory]
    [InlineData(1, 80, 40)]
    [InlineData(3, 80, 40)]
    [InlineData(6, 40, 80)]
    [InlineData(8, 40, 80)]
    public void Decode_ExifOrientation_IsApplied(int orientation, int width, int height)
    {
        var jpeg = TestImages.WithExifOrientation(
            TestImages.Rectangle(80, 40, new Rect(0, 0, 16, 16), Scalar.White, ".jpg"),
            (ushort)orientation);

        using var image = ImageDecoder.Decode(jpeg, Limits);

        // The white corner is at the top left as stored: 3 turns it by half, 6 to the right, 8 to the left.
        Assert.Equal((width, height), (image.Width, image.Height));
        var (x, y) = orientation switch { 1 => (4, 4), 3 => (75, 35), 6 => (35, 4), _ => (4, 75) };
        Assert.InRange(image.Pixels.At<Vec3b>(y, x).Item0, 200, 255);
        Assert.InRange(image.Pixels.At<Vec3b>(height - 1 - y, width - 1 - x).Item0, 0, 55);
    }

    [Fact]
    public void Decode_DamagedPngData_IsUndecodable()
    {
        var png = TestImages.Encoded(".png");
        png.AsSpan(png.Length / 2, 8).Clear();

        var exception = Assert.Throws<ImageException>(() => ImageDecoder.Decode(png, Limits));

        Assert.Equal(ImageErrorCodes.Undecodable, exception.Code);
        Assert.Contains("80x40", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_TiffOfFloats_IsUndecodable()
    {
        using var image = new Mat(4, 6, MatType.CV_32FC3, Scalar.White);
        var exception = Assert.Throws<ImageException>(() => ImageDecoder.Decode(TestImages.Encode(".tiff", image), Limits));

        Assert.Equal(ImageErrorCodes.Undecodable, exception.Code);
    }

    private static void AssertFlat(byte[] encoded, int blue, int green, int red, int tolerance = 0)
    {
        using var image = ImageDecoder.Decode(encoded, Limits);
        var pixel = image.Pixels.At<Vec3b>(image.Height / 2, image.Width / 2);
        Assert.InRange(pixel.Item0, blue - tolerance, blue + tolerance);
        Assert.InRange(pixel.Item1, green - tolerance, green + tolerance);
        Assert.InRange(pixel.Item2, red - tolerance, red + tolerance);
    }
}
