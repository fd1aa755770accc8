using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Images;

/// <summary>JPEG files whose writer stopped before the end-of-image marker: as cameras and splitters of video streams write them.</summary>
public sealed class JpegWithoutEndTests
{
    private static readonly ImageLimits Limits = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Whole =>
    [
        "baseline", "progressive", "one-block", "cmyk",
        "jpeg-gray.jpg", "jpeg-gray-progressive.jpg", "jpeg-restart.jpg", "jpeg-411.jpg", "jpeg-444.jpg", "jpeg-odd.jpg",
        "jpeg-exif6.jpg", "jpeg-rgb.jpg", "jpeg-cmyk.jpg", "jpeg-q10.jpg",
    ];

    [Theory]
    [MemberData(nameof(Whole))]
    public void Decode_OnlyTheMarkerMissing_GivesEveryPixelByEitherLibrary(string file)
    {
        var jpeg = Read(file);
        using var whole = ImageDecoder.Decode(jpeg, Limits);
        foreach (var cut in (byte[][])[jpeg[..^2], jpeg[..^1], [.. jpeg[..^2], 0xFF, 0xFF]])
        {
            var header = ImageHeader.Read(cut, Limits);
            Assert.True(header.LacksEnd);
            using var image = ImageDecoder.Decode(cut, header);
            Assert.Equal(whole.Pixels.ToBytes(), image.Pixels.ToBytes());
            foreach (var library in Libraries)
            {
                using var pixels = JpegDecoder.Decode(library, cut, header, 1, out var orientation);
                using var expected = JpegDecoder.Decode(library, jpeg, ImageHeader.Read(jpeg, Limits), 1, out _);
                Assert.Equal(expected.ToBytes(), pixels.ToBytes());
                Assert.Equal(file == "jpeg-exif6.jpg" ? ImageOrientation.RightTop : ImageOrientation.TopLeft, orientation);
            }
        }
    }

    /// <summary>Whatever lacks more than the marker lacks pixels, or may: in rows that are not the last, in the last, in a later scan.</summary>
    [Theory]
    [MemberData(nameof(Whole))]
    public void Decode_PixelsMissing_IsTruncatedByEitherLibrary(string file)
    {
        var jpeg = Read(file);
        for (var missing = 3; missing < jpeg.Length - 2; missing += missing < 40 ? 1 : 97)
        {
            // The last bytes may be filling only: an image without them has every pixel.
            var cut = jpeg[..^missing];
            var codes = Libraries.Select(library => CodeBy(library, cut)).Distinct().ToArray();
            Assert.True(codes.Length == 1, $"{file} less {missing} bytes: {string.Join(" and ", codes.Select(code => code ?? "decoded"))}");
            Assert.True(codes[0] == ImageErrorCodes.Truncated || (codes[0] is null && missing <= 4), $"{file} less {missing} bytes: {codes[0] ?? "decoded"}");
        }
    }

    [Theory]
    [InlineData("jpeg-arithmetic.jpg")]
    [InlineData("jpeg-arithprog.jpg")]
    public void Decode_ArithmeticCodeWithoutTheMarker_IsTruncated(string file)
    {
        // Nothing in such a code tells where it ends.
        Assert.Equal(ImageErrorCodes.Truncated, CodeBy(null, Read(file)[..^2]));
    }

    [Fact]
    public void Detect_OnlyTheMarkerMissing_HasANote()
    {
        using var detector = Detector.Load(
            new OnnxTestModel { Strides = [8] }.Build(), model: new ModelOptions { Provider = ExecutionProvider.Cpu });
        var jpeg = TestImages.Rectangle(96, 64, new Rect(16, 8, 16, 16), new Bgr(255, 0, 0), ".jpg");

        var outcomes = detector.Detect([jpeg, jpeg.AsMemory(0, jpeg.Length - 2), jpeg.AsMemory(0, jpeg.Length / 2)], Token);

        Assert.NotEmpty(outcomes[0].Detections!);
        Assert.Null(outcomes[0].Notes);
        Assert.Equal(outcomes[0].Detections, outcomes[1].Detections);
        Assert.Equal(ImageNoteCodes.EndMarkerMissing, Assert.Single(outcomes[1].Notes!).Code);
        Assert.Equal((ImageErrorCodes.Truncated, null), (outcomes[2].Error?.Code, outcomes[2].Notes));
        Assert.Equal(outcomes[1].Notes, detector.Detect(jpeg.AsSpan(0, jpeg.Length - 2), Token).Notes);
    }

    /// <summary>The bundled library, and the machine's where it has one.</summary>
    private static TurboJpeg?[] Libraries => TurboJpeg.Instance is { } turbo ? [null, turbo] : [null];

    private static string? CodeBy(TurboJpeg? library, byte[] jpeg)
    {
        try
        {
            JpegDecoder.Decode(library, jpeg, ImageHeader.Read(jpeg, Limits), 1, out _).Dispose();
            return null;
        }
        catch (ImageException exception)
        {
            return exception.Code;
        }
    }

    private static byte[] Read(string file) => file switch
    {
        "baseline" => TestImages.Encoded(".jpg", 150, 130),
        "progressive" => TestImages.Encoded(".jpg", 150, 130, variant: true),
        "one-block" => TestImages.Encoded(".jpg", 5, 3),
        "cmyk" => FlatJpeg.Cmyk(10, 20, 30, 40),
        _ => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "opencv", file)),
    };
}
