using System.IO.Compression;
using Nanodet.Detection.Annotation;
using Nanodet.Detection.Batching;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Images;

public sealed class GzipImageTests : IDisposable
{
    private static readonly ImageLimits Limits = new();

    private readonly Detector _detector = Detector.Load(
        new OnnxTestModel { Strides = [8], KeepRatio = true, Width = 96, Height = 96 }.Build(),
        new DetectorOptions { Limits = new ImageLimits { MaxBytes = 1 << 20 } },
        new ModelOptions { Provider = ExecutionProvider.Cpu });

    private static byte[] Image => TestImages.Rectangle(96, 64, new Rect(20, 12, 8, 8), new Bgr(255, 0, 0));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _detector.Dispose();

    [Fact]
    public async Task Detect_PackedImage_IsUnpackedAtEveryDoorAndNoted()
    {
        var packed = Pack(Image);
        using var stream = new MemoryStream(packed);
        await using var batcher = new DetectionBatcher(_detector, new BatchingOptions { Lanes = 1, MaxRunSize = 2 });

        DetectionOutcome[] outcomes =
        [
            _detector.Detect(packed, Token), .. _detector.Detect([packed, packed], Token), _detector.Detect(stream, Token),
            await batcher.DetectAsync(packed, Token),
        ];

        var plain = _detector.Detect(Image, Token);
        Assert.NotEmpty(plain.Detections!);
        Assert.All(outcomes, outcome => Assert.Equal(plain.Detections, outcome.Detections));
        Assert.All(outcomes, outcome => Assert.Equal(ImageNoteCodes.GzipUnpacked, Assert.Single(outcome.Notes!).Code));
        Assert.NotEmpty(Annotator.Annotate(packed, plain.Detections!));
    }

    [Fact]
    public void Detect_PackedJpegWithoutItsEnd_HasBothNotes()
    {
        var jpeg = TestImages.Encoded(".jpg");

        Assert.Equal(
            [ImageNoteCodes.GzipUnpacked, ImageNoteCodes.EndMarkerMissing],
            _detector.Detect(Pack(jpeg[..^2]), Token).Notes!.Select(note => note.Code));
    }

    [Fact]
    public void Decode_SeveralMembers_AreOneImage() =>
        Assert.Equal(96, ImageDecoder.Decode([.. Pack(Image[..100]), .. Pack(Image[100..])], Limits).Width);

    [Fact]
    public void Detect_Bomb_IsTooLargeAndTakesNoMoreMemoryThanAllowed()
    {
        var bomb = Pack(new byte[200 << 20]);
        Assert.InRange(bomb.Length, 1, 1 << 20);
        _ = _detector.Detect(bomb, Token);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var outcome = _detector.Detect(bomb, Token);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 << 20);
        Assert.Equal(ImageErrorCodes.TooLarge, outcome.Error?.Code);
        Assert.Contains("gzip", outcome.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Detect_ImageOfExactlyTheLimit_IsTaken()
    {
        var image = Image;
        byte[] padded = [.. image, .. new byte[(1 << 20) - image.Length]];

        Assert.True(_detector.Detect(Pack(padded), Token).Succeeded);
        Assert.Equal(ImageErrorCodes.TooLarge, _detector.Detect(Pack([.. padded, 0]), Token).Error?.Code);
    }

    [Fact]
    public void Detect_DamagedGzip_SaysSo()
    {
        var packed = Pack(Image);
        byte[] flipped = [.. packed];
        flipped[packed.Length / 2] ^= 0x55;
        for (var length = 3; length < packed.Length; length++)
        {
            var error = _detector.Detect(packed.AsSpan(0, length), Token).Error;

            // What is cut off is an image that ends early; of the last bytes, which are a checksum, none is missed.
            var isWhole = length >= packed.Length - 10;
            var isShort = length < 32;
            Assert.True(
                error?.Code is ImageErrorCodes.Undecodable or ImageErrorCodes.Truncated
                || (isShort && error?.Code is ImageErrorCodes.Empty or ImageErrorCodes.NotAnImage)
                || (isWhole && error is null),
                $"{length} of {packed.Length} bytes: {error}");
        }

        Assert.Equal(ImageErrorCodes.Undecodable, _detector.Detect(flipped, Token).Error?.Code);
        Assert.Equal(ImageErrorCodes.Undecodable, _detector.Detect([0x1F, 0x8B, 8, 0], Token).Error?.Code);
    }

    [Fact]
    public void Detect_PackedTwiceOrNoImage_IsNotAnImage()
    {
        Assert.Contains("gunzip", _detector.Detect(Pack(Pack(Image)), Token).Error!.Message, StringComparison.Ordinal);
        Assert.Equal(ImageErrorCodes.NotAnImage, _detector.Detect(Pack("hello, this is text"u8.ToArray()), Token).Error?.Code);

        // Nothing, packed: a header, an empty block, checksum and length.
        byte[] nothing = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(ImageErrorCodes.Empty, _detector.Detect(nothing, Token).Error?.Code);
    }

    private static byte[] Pack(byte[] data)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Optimal))
        {
            stream.Write(data);
        }

        return packed.ToArray();
    }
}
