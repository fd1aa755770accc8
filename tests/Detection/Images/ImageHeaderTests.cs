using System.Buffers.Binary;
using System.Text;
using Nanodet.Detection.Images;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Images;

public sealed class ImageHeaderTests
{
    private static readonly ImageLimits Limits = new();

    public static TheoryData<string, string> Formats => new()
    {
        { ".jpg", nameof(ImageFormat.Jpeg) },
        { ".png", nameof(ImageFormat.Png) },
        { ".bmp", nameof(ImageFormat.Bmp) },
        { ".webp", nameof(ImageFormat.WebP) },
        { ".gif", nameof(ImageFormat.Gif) },
        { ".tiff", nameof(ImageFormat.Tiff) },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void Read_CompleteImage_GivesFormatAndSize(string ending, string format)
    {
        var header = ImageHeader.Read(TestImages.Encoded(ending), Limits);

        Assert.Equal((Enum.Parse<ImageFormat>(format), 80, 40, false), (header.Format, header.Width, header.Height, header.LacksEnd));
        Assert.Equal(3200, header.Pixels);
    }

    [Fact]
    public void Read_ProgressiveJpeg_GivesSize()
    {
        // 10 by 5 blocks of luminance and 5 by 3 of each colour: all of their coefficients are kept.
        Assert.Equal(
            new ImageHeader(ImageFormat.Jpeg, 80, 40) { WorkingBytes = (50 + 15 + 15) * 128 },
            ImageHeader.Read(TestImages.Encoded(".jpg", variant: true), Limits));
    }

    [Fact]
    public void Read_RestartingJpeg_GivesSize()
    {
        var jpeg = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "opencv", "jpeg-restart.jpg"));

        Assert.Contains("FFD3", Convert.ToHexString(jpeg), StringComparison.Ordinal);
        Assert.Equal(new ImageHeader(ImageFormat.Jpeg, 37, 23), ImageHeader.Read(jpeg, Limits));
    }

    [Fact]
    public void Read_LossyWebP_GivesSize()
    {
        var header = ImageHeader.Read(TestImages.Encoded(".webp", variant: true), Limits);

        Assert.Equal((ImageFormat.WebP, 80, 40), (header.Format, header.Width, header.Height));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Read_EveryPrefix_IsRefusedAsTruncated(string ending, string format)
    {
        var encoded = TestImages.Encoded(ending);

        // A JPEG that lacks its end-of-image marker only, or half of it, is whole: see JpegWithoutEndTests.
        var shortest = format == nameof(ImageFormat.Jpeg) ? encoded.Length - 2 : encoded.Length;
        for (var length = 2; length < shortest; length++)
        {
            var prefix = encoded[..length];
            var exception = Assert.Throws<ImageException>(() => ImageDecoder.Decode(prefix, Limits));
            Assert.True(exception.Code == ImageErrorCodes.Truncated, $"{format}, {length} of {encoded.Length} bytes: {exception.Message}");
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Read_TrailingBytes_AreIgnored(string ending, string format)
    {
        byte[] encoded = [.. TestImages.Encoded(ending), 1, 2, 3];

        Assert.Equal(format, ImageHeader.Read(encoded, Limits).Format.ToString());
    }

    [Fact]
    public void Read_NoBytes_IsEmpty() => AssertCode(ImageErrorCodes.Empty, []);

    [Theory]
    [InlineData("hello, this is no image")]
    [InlineData("x")]
    [InlineData("BMW builds cars, and this is a text about them")]
    [InlineData("RIFF1234WAVEfmt and so on")]
    [InlineData("%PDF-1.7 and so on")]
    public void Read_Text_IsNotAnImage(string text) => AssertCode(ImageErrorCodes.NotAnImage, Encoding.UTF8.GetBytes(text));

    [Fact]
    public void Read_NotAnImage_SaysWhatWasExpectedAndFound()
    {
        var exception = Assert.Throws<ImageException>(() => ImageHeader.Read("hello"u8, Limits));

        Assert.Contains("JPEG, PNG, BMP, WebP, GIF or TIFF", exception.Message, StringComparison.Ordinal);
        Assert.Contains("68656C6C6F", exception.Message, StringComparison.Ordinal);
    }

    public static TheoryData<byte[], string> Unaccepted => new()
    {
        { [0, 0, 0, 24, .. "ftypheic"u8, 0, 0, 0, 0], "HEIC" },
        { [0, 0, 0, 24, .. "ftypmif1"u8, 0, 0, 0, 0], "HEIC" },
        { [0, 0, 0, 28, .. "ftypavif"u8, 0, 0, 0, 0], "AVIF" },
        { [0, 0, 0, 24, .. "ftypisom"u8, 0, 0, 0, 0], "video" },
        { [0xFF, 0x0A, 0xFA, 0x1F], "JPEG XL" },
        { [0, 0, 0, 12, .. "JXL \r\n"u8], "JPEG XL" },
        { [0, 0, 0, 12, .. "jP  \r\n"u8], "JPEG 2000" },
        { [.. "II"u8, 0x2B, 0, 8, 0, 0, 0], "BigTIFF" },
        { [.. "MM"u8, 0, 0x2B, 0, 8, 0, 0], "BigTIFF" },
        { [.. "%PDF-1.7"u8], "PDF" },
        { [0x1F, 0x8B, 8, 0], "gunzip" },
        { [.. "PK\x03\x04rest"u8], "ZIP" },
        { [.. "8BPS\0\x01"u8], "Photoshop" },
        { [.. "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>"u8], "SVG" },
        { [.. "\n<!DOCTYPE html><html>"u8], "HTML" },
        { [.. "version https://git-lfs.github.com/spec/v1"u8], "git lfs pull" },
        { [.. "P6 2 2 255 "u8], "PNM" },
        { [.. "RIFF1234AVI LIST"u8], "AVI" },
        { [0x1A, 0x45, 0xDF, 0xA3, 1], "WebM" },
    };

    [Theory]
    [MemberData(nameof(Unaccepted))]
    public void Read_FormatThatIsNotAccepted_IsRefusedByItsName(byte[] encoded, string name)
    {
        var exception = Assert.Throws<ImageException>(() => ImageHeader.Read(encoded, Limits));

        Assert.Equal(ImageErrorCodes.NotAnImage, exception.Code);
        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith("Expected the first bytes of a JPEG", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MoreBytesThanTheLimit_IsTooLarge()
    {
        var exception = Assert.Throws<ImageException>(
            () => ImageHeader.Read(TestImages.Encoded(".bmp"), Limits with { MaxBytes = 1024 }));

        Assert.Equal(ImageErrorCodes.TooLarge, exception.Code);
        Assert.Contains("1024", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PngClaiming50000Squared_IsRefusedWithoutAllocatingPixels()
    {
        var bomb = TestImages.PngClaiming(30_000, 30_000);
        AssertCode(ImageErrorCodes.TooManyPixels, bomb);
        AssertCode(ImageErrorCodes.TooManyPixels, TestImages.PngClaiming(50_000, 50_000));

        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertCode(ImageErrorCodes.TooManyPixels, bomb);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
    }

    [Fact]
    public void Read_SizesBeyondTheLimit_AreRefusedInEveryFormat()
    {
        var small = Limits with { MaxPixels = 80 * 40 - 1 };
        foreach (var (ending, format) in Formats.Select(row => row.Data))
        {
            var encoded = TestImages.Encoded(ending);
            var exception = Assert.Throws<ImageException>(() => ImageHeader.Read(encoded, small));
            Assert.True(exception.Code == ImageErrorCodes.TooManyPixels, $"{format}: {exception.Message}");
            Assert.Equal(3200, ImageHeader.Read(encoded, Limits with { MaxPixels = 3200 }).Pixels);
        }
    }

    [Fact]
    public void Read_SideLongerThanTheWarpTakes_IsTooManyPixels() =>
        AssertCode(ImageErrorCodes.TooManyPixels, TestImages.PngClaiming(ImageLimits.MaxSide + 1, 1));

    [Fact]
    public void Read_CompleteImage_AllocatesNothing()
    {
        var images = Formats.Select(row => TestImages.Encoded(row.Data.Item1)).ToArray();
        foreach (var image in images)
        {
            ImageHeader.Read(image, Limits);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var image in images)
        {
            ImageHeader.Read(image, Limits);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Read_ZeroSides_AreUndecodable() => AssertCode(ImageErrorCodes.Undecodable, TestImages.PngClaiming(0, 10));

    [Fact]
    public void Read_JpegOfTooManyScans_IsUndecodable()
    {
        var jpeg = TestImages.Encoded(".jpg", variant: true);
        var scan = jpeg.AsSpan().IndexOf([(byte)0xFF, (byte)0xDA]);
        byte[] header = jpeg[scan..(scan + 4 + BinaryPrimitives.ReadUInt16BigEndian(jpeg.AsSpan(scan + 2)))];
        byte[] bomb = [.. jpeg[..scan], .. Enumerable.Repeat(header, 300).SelectMany(bytes => bytes), .. jpeg[scan..]];

        AssertCode(ImageErrorCodes.Undecodable, bomb);
    }

    private static void AssertCode(string code, byte[] encoded) =>
        Assert.Equal(code, Assert.Throws<ImageException>(() => ImageHeader.Read(encoded, Limits)).Code);
}
