using System.Buffers.Binary;
using Nanodet.Detection.Images;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Images;

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
        var expected = TestImages.Gradient(80, 40);
        using var actual = ImageDecoder.Decode(TestImages.Encode(ending, expected), Limits);

        Assert.Equal((80, 40), (actual.Width, actual.Height));
        Assert.Equal(expected.Pixels, actual.Pixels.ToBytes());
    }

    [Theory]
    [InlineData(".jpg", 12)]
    [InlineData(".gif", 96)]
    public void Decode_LossyFormat_GivesSimilarPixels(string ending, int tolerance)
    {
        var expected = TestImages.Gradient(80, 40);
        using var actual = ImageDecoder.Decode(TestImages.Encode(ending, expected), Limits);

        Assert.InRange(PixelBuffers.LargestDifference(expected.Pixels, actual.Pixels), 0, tolerance);
    }

    [Fact]
    public void Decode_Alpha_IsDropped() =>
        AssertFlat(TestImages.Encode(".png", Repeat<byte>(24, 30, 20, 10, 40), 6, 4, bands: 4), 10, 20, 30);

    [Theory]
    [InlineData(".png")]
    [InlineData(".jpg")]
    [InlineData(".tiff")]
    public void Decode_Grayscale_IsWidened(string ending) =>
        AssertFlat(TestImages.Encode(ending, Repeat<byte>(64, 77), 8, 8, bands: 1), 77, 77, 77);

    [Theory]
    [InlineData(".png")]
    [InlineData(".tiff")]
    public void Decode_SixteenBits_AreScaledToEight(string ending) =>
        AssertFlat(TestImages.Encode(ending, Repeat<ushort>(24, 30 * 256, 20 * 256, 10 * 256), 6, 4, bands: 3), 10, 20, 30);

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
            TestImages.Rectangle(80, 40, new Rect(0, 0, 16, 16), Bgr.White, ".jpg"),
            (ushort)orientation);

        using var image = ImageDecoder.Decode(jpeg, Limits);

        // The white corner is at the top left as stored: 3 turns it by half, 6 to the right, 8 to the left.
        Assert.Equal((width, height), (image.Width, image.Height));
        var (x, y) = orientation switch { 1 => (4, 4), 3 => (75, 35), 6 => (35, 4), _ => (4, 75) };
        Assert.InRange(image.Pixels[x, y].Blue, 200, 255);
        Assert.InRange(image.Pixels[width - 1 - x, height - 1 - y].Blue, 0, 55);
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
        var tiff = TestImages.Encode(".tiff", Repeat(24, 1f, 1f, 1f), 6, 4, bands: 3);
        var exception = Assert.Throws<ImageException>(() => ImageDecoder.Decode(tiff, Limits));

        Assert.Equal(ImageErrorCodes.Undecodable, exception.Code);
    }

    /// <summary>Rows of a bitmap that some writers fill up: what is beyond the edge is no pixel of the next row.</summary>
    [Fact]
    public void Decode_BitmapRunsBeyondTheEdge_AreCutOff()
    {
        var bitmap = RunLengthBitmap(3, 2, [4, 1, 0, 0, 4, 2, 0, 0, 0, 1]);

        using var image = ImageDecoder.Decode(bitmap, Limits);

        // The lower row is stored first.
        Assert.Equal([.. Repeat<byte>(3, 2, 2, 2), .. Repeat<byte>(3, 1, 1, 1)], image.Pixels.ToBytes());
    }

    [Fact]
    public void Decode_BitmapWithMasksInAnotherOrder_GivesItsColours()
    {
        var bitmap = TestImages.Encoded(".bmp", 1, 1)[..54].Concat(new byte[16]).ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bitmap.AsSpan(10), 66);
        BinaryPrimitives.WriteInt16LittleEndian(bitmap.AsSpan(28), 32);
        BinaryPrimitives.WriteInt32LittleEndian(bitmap.AsSpan(30), 3);
        BinaryPrimitives.WriteUInt32LittleEndian(bitmap.AsSpan(54), 0x0000FF00);
        BinaryPrimitives.WriteUInt32LittleEndian(bitmap.AsSpan(58), 0x00FF0000);
        BinaryPrimitives.WriteUInt32LittleEndian(bitmap.AsSpan(62), 0xFF000000);
        BinaryPrimitives.WriteUInt32LittleEndian(bitmap.AsSpan(66), 0x0A141E99);

        AssertFlat(bitmap, blue: 0x0A, green: 0x14, red: 0x1E);
    }

    [Fact]
    public void Decode_RunsThatEndEarly_AreTruncated()
    {
        var exception = Assert.Throws<ImageException>(() => ImageDecoder.Decode(RunLengthBitmap(3, 2, [3, 1]), Limits));

        Assert.Equal(ImageErrorCodes.Truncated, exception.Code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Decode_JpegByEitherLibrary_GivesTheSamePixels(int reduction)
    {
        var turbo = TurboJpeg.Instance;
        if (turbo is null)
        {
            Assert.Skip($"the machine has no TurboJPEG library ({string.Join(", ", LibTurboJpeg.Names)})");
        }

        var random = new Random(3);
        for (var round = 0; round < 40; round++)
        {
            var picture = new TestPicture(random.Next(1, 200), random.Next(1, 200));
            random.NextBytes(picture.Pixels);
            var jpeg = TestImages.Encode(".jpg", picture, quality: random.Next(20, 101), variant: round % 2 == 1);
            var header = ImageHeader.Read(jpeg, Limits);
            using var fast = JpegDecoder.Decode(turbo, jpeg, header, reduction, out _);
            using var bundled = JpegDecoder.Decode(null, jpeg, header, reduction, out _);

            Assert.Equal(bundled.ToBytes(), fast.ToBytes());
        }
    }

    [Fact]
    public void Decode_ManyAtOnce_GivesEachItsOwnPixels()
    {
        var pictures = Enumerable.Range(1, 64).Select(i => TestImages.Gradient(20 + i, 90 - i)).ToArray();
        var encoded = pictures.Select((picture, i) => TestImages.Encode(i % 2 == 0 ? ".png" : ".webp", picture)).ToArray();

        Parallel.For(0, 512, i =>
        {
            using var image = ImageDecoder.Decode(encoded[i % 64], Limits);
            Assert.Equal(pictures[i % 64].Pixels, image.Pixels.ToBytes());
        });
    }

    private static byte[] RunLengthBitmap(int width, int height, byte[] runs)
    {
        var file = new byte[54 + 1024 + runs.Length];
        TestImages.Encoded(".bmp", 1, 1).AsSpan(0, 54).CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), 54 + 1024);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), height);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(28), 8);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(30), 1);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(34), runs.Length);
        for (var i = 0; i < 256; i++)
        {
            file.AsSpan(54 + (4 * i), 3).Fill((byte)i);
        }

        runs.CopyTo(file.AsSpan(54 + 1024));
        return file;
    }

    private static T[] Repeat<T>(int count, params T[] pixel) => [.. Enumerable.Repeat(pixel, count).SelectMany(samples => samples)];

    private static void AssertFlat(byte[] encoded, int blue, int green, int red, int tolerance = 0)
    {
        using var image = ImageDecoder.Decode(encoded, Limits);
        var pixel = image.Pixels[image.Width / 2, image.Height / 2];
        Assert.InRange(pixel.Blue, blue - tolerance, blue + tolerance);
        Assert.InRange(pixel.Green, green - tolerance, green + tolerance);
        Assert.InRange(pixel.Red, red - tolerance, red + tolerance);
    }
}
