using System.Buffers.Binary;
using System.ComponentModel.DataAnnotations;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;
using NetVips;

namespace Nanodet.Serverless.Detection.Tests.Images;

/// <summary>Images that claim more than they have, and flat images that need hardly anything.</summary>
public sealed class ImageClaimTests
{
    private const int Side = 3000;

    private static readonly ImageLimits Limits = new();

    public static TheoryData<string> FlatKinds =>
    [
        "gray1.png", "rgb.png", "rgb16.png", "interlaced.png", "420.jpg", "gray.jpg", "progressive.jpg", "gray-progressive.jpg", "lossy.webp",
        "lossless.webp", "one.gif", "lzw.tif", "deflate.tif", "packbits.tif", "jpeg.tif", "webp.tif", "fax4.tif", "none.tif", "tiles.tif",
    ];

    /// <summary>No image is refused that an encoder makes: a white page is as small as one gets.</summary>
    [Theory]
    [MemberData(nameof(FlatKinds))]
    public void Read_WhitePage_IsTaken(string kind)
    {
        var page = WhitePage(kind);

        var header = ImageHeader.Read(page, Limits);

        Assert.Equal((Side, Side), (header.Width, header.Height));
        using var image = ImageDecoder.Decode(page, header);
        Assert.InRange(image.Pixels[Side / 2, Side / 2].Green, 250, 255);
    }

    [Theory]
    [InlineData("rgb.png")]
    [InlineData("lzw.tif")]
    [InlineData("deflate.tif")]
    [InlineData("one.gif")]
    [InlineData("420.jpg")]
    public void Read_MorePixelsThanTheBytesHold_AreRefused(string kind)
    {
        var small = kind switch
        {
            "rgb.png" => TestImages.PngClaiming(9900, 9900),
            "lzw.tif" or "deflate.tif" => SharedStrips(kind),
            "one.gif" => Enlarged(TestImages.Encoded(".gif", 20, 20), (data, sides) =>
            {
                sides.CopyTo(data.AsSpan(6));
                sides.CopyTo(data.AsSpan(data.AsSpan().IndexOf<byte>([0x2C, 0, 0, 0, 0]) + 5));
            }),
            _ => Enlarged(TestImages.Encoded(".jpg", 20, 20), (data, sides) =>
                sides.Reverse().ToArray().CopyTo(data.AsSpan(data.AsSpan().IndexOf<byte>([0xFF, 0xC0]) + 5))),
        };
        Assert.InRange(small.Length, 1, 3000);

        var exception = Assert.Throws<ImageException>(() => ImageHeader.Read(small, Limits));

        Assert.True(exception.Code == ImageErrorCodes.Undecodable, exception.Message);
        Assert.Contains("bytes of pixel data", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>What decoders really allocate, beside the 3 bytes of each pixel: see docs/decisions/0028.</summary>
    [Theory]
    [InlineData("rgb.png", 0)]
    [InlineData("rgb16.png", 0)]
    [InlineData("interlaced.png", 4)]
    [InlineData("420.jpg", 0)]
    [InlineData("progressive.jpg", 3)]
    [InlineData("gray-progressive.jpg", 2)]
    [InlineData("lossless.webp", 8)]
    [InlineData("animated.webp", 8)]
    [InlineData("one.gif", 8)]
    [InlineData("animated.gif", 8)]
    public void Read_Image_KnowsWhatItsDecoderAllocates(string kind, int bytesPerPixel)
    {
        var header = ImageHeader.Read(WhitePage(kind), Limits);

        Assert.Equal(bytesPerPixel, (double)header.WorkingBytes / header.Pixels, 0.05);
        Assert.Equal((3 + Math.Max(3, (double)header.WorkingBytes / header.Pixels)) * header.Pixels, header.DecodingBytes(0), 1.0);
    }

    /// <summary>
    /// The frames of an animated PNG cost nothing, however many there are: the data of those behind the first is never unpacked, or these
    /// images could not be decoded.
    /// </summary>
    [Theory]
    [InlineData("rgb.png", 3, false)]
    [InlineData("rgb.png", 3, true)]
    [InlineData("interlaced.png", 30, false)]
    [InlineData("rgb16.png", 30, true)]
    public void Decode_AnimatedPng_UnpacksNoFrameButItsOwnPixels(string kind, int frames, bool isHidden)
    {
        var still = WhitePage(kind);
        var animated = TestImages.Animated(still, frames, isHidden);

        var header = ImageHeader.Read(animated, Limits);

        Assert.Equal(ImageHeader.Read(still, Limits), header);
        using var image = ImageDecoder.Decode(animated, header);
        Assert.Equal((Side, Side), (image.Width, image.Height));
        Assert.Equal(255, image.Pixels[Side - 1, Side - 1].Green);
    }

    [Fact]
    public void Read_Tiff_KnowsWhatItsStripsAndTilesAllocate()
    {
        Assert.InRange(ImageHeader.Read(WhitePage("lzw.tif"), Limits).WorkingBytes, 1, 3L * Side * Side);
        Assert.InRange(ImageHeader.Read(WhitePage("tiles.tif"), Limits).WorkingBytes, 3L * 256 * Side, 16L * 256 * Side);
    }

    [Fact]
    public void Read_MoreMemoryThanAllowed_IsRefusedByItsName()
    {
        var page = WhitePage("lossless.webp");
        var needed = ImageHeader.Read(page, Limits).DecodingBytes(page.Length);

        Assert.Equal(Side, ImageHeader.Read(page, Limits with { MaxDecodingBytes = needed }).Width);
        var exception = Assert.Throws<ImageException>(() => ImageHeader.Read(page, Limits with { MaxDecodingBytes = needed - 1 }));

        Assert.Equal(ImageErrorCodes.TooManyPixels, exception.Code);
        Assert.Contains("MaxDecodingBytes", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_MemoryOutOfRange_IsRefused()
    {
        using var model = NanodetModel.Load(new OnnxTestModel().Build(), new ModelOptions { Provider = ExecutionProvider.Cpu });

        Assert.Throws<ValidationException>(
            () => new Detector(model, new DetectorOptions { Limits = Limits with { MaxDecodingBytes = 1000 } }));
    }

    private static byte[] WhitePage(string kind)
    {
        using var gray = (Image.Black(Side, Side) + 255).Cast(Enums.BandFormat.Uchar).Copy(interpretation: Enums.Interpretation.Bw);
        using var white = gray.Bandjoin(gray, gray).Copy(interpretation: Enums.Interpretation.Srgb);
        using var wide = (white * 257).Cast(Enums.BandFormat.Ushort).Copy(interpretation: Enums.Interpretation.Rgb16);
        return kind switch
        {
            "gray1.png" => gray.PngsaveBuffer(compression: 9, bitdepth: 1),
            "rgb.png" => white.PngsaveBuffer(compression: 9),
            "rgb16.png" => wide.PngsaveBuffer(compression: 9),
            "interlaced.png" => white.PngsaveBuffer(interlace: true),
            "420.jpg" => white.JpegsaveBuffer(optimizeCoding: true),
            "gray.jpg" => gray.JpegsaveBuffer(optimizeCoding: true),
            "progressive.jpg" => white.JpegsaveBuffer(optimizeCoding: true, interlace: true),
            "gray-progressive.jpg" => gray.JpegsaveBuffer(optimizeCoding: true, interlace: true),
            "lossy.webp" => white.WebpsaveBuffer(effort: 0),
            "lossless.webp" => white.WebpsaveBuffer(lossless: true, effort: 0),
            "animated.webp" => Animated(white).WebpsaveBuffer(lossless: true, effort: 0),
            "one.gif" => white.GifsaveBuffer(effort: 1),
            "animated.gif" => Animated(white).GifsaveBuffer(effort: 1),
            "lzw.tif" => white.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Lzw),
            "deflate.tif" => white.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Deflate),
            "packbits.tif" => white.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Packbits),
            "jpeg.tif" => white.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Jpeg),
            "webp.tif" => white.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Webp),
            "fax4.tif" => gray.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Ccittfax4, bitdepth: 1),
            "none.tif" => white.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.None),
            _ => white.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Lzw, tile: true, tileWidth: 256, tileHeight: 256),
        };
    }

    private static Image Animated(Image frame)
    {
        using var both = frame.Join((frame * 0.5).Cast(Enums.BandFormat.Uchar), Enums.Direction.Vertical);
        return both.Mutate(image => image.Set(GValue.GIntType, "page-height", Side));
    }

    /// <summary>A TIFF of which each of 9900 strips is the same few bytes.</summary>
    private static byte[] SharedStrips(string kind)
    {
        const int Rows = 9900;
        const int Sides = 9900;
        const int Entries = 9;
        var strip = new byte[20];
        var lists = 8 + 2 + (Entries * 12) + 4;
        var file = new byte[lists + (8 * 100) + strip.Length];
        "II*\0"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), 8);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(8), Entries);
        (int Tag, int Type, int Count, int Value)[] entries =
        [
            (256, 4, 1, Sides), (257, 4, 1, Sides), (258, 3, 1, 8), (259, 3, 1, kind == "lzw.tif" ? 5 : 8), (262, 3, 1, 2),
            (273, 4, 100, lists), (277, 3, 1, 3), (278, 4, 1, Rows / 100), (279, 4, 100, lists + 400),
        ];
        for (var i = 0; i < Entries; i++)
        {
            var entry = file.AsSpan(10 + (12 * i));
            BinaryPrimitives.WriteInt16LittleEndian(entry, (short)entries[i].Tag);
            BinaryPrimitives.WriteInt16LittleEndian(entry[2..], (short)entries[i].Type);
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], entries[i].Count);
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], entries[i].Value);
        }

        for (var i = 0; i < 100; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(lists + (4 * i)), lists + 800);
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(lists + 400 + (4 * i)), strip.Length);
        }

        return file;
    }

    /// <summary>Has an image claim 9900 columns and rows.</summary>
    private static byte[] Enlarged(byte[] image, Action<byte[], byte[]> write)
    {
        write(image, [0xAC, 0x26, 0xAC, 0x26]);
        return image;
    }
}
