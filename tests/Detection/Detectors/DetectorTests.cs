using System.ComponentModel.DataAnnotations;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Detectors;

public sealed class DetectorTests
{
    private static readonly Bgr Blue = new(255, 0, 0);
    private static readonly Bgr Red = new(0, 0, 255);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static NanodetModel Load(OnnxTestModel onnx) =>
        NanodetModel.Load(onnx.Build(), new ModelOptions { Provider = ExecutionProvider.Cpu });

    // The model samples (24, 16) at stride 8, where the rectangle is, and gives each side one stride.
    private static byte[] OneBlueObject(int scale = 1) =>
        TestImages.Rectangle(96 * scale, 64 * scale, new Rect(20 * scale, 12 * scale, 8 * scale, 8 * scale), Blue);

    [Theory]
    [InlineData("plus", 1, 16, 8, 16)]
    [InlineData("plus", 2, 32, 16, 32)]
    [InlineData("legacy", 1, 20, 12, 16)]
    public void Detect_OneObject_IsFoundWhereItIs(string head, int scale, float x, float y, float side)
    {
        using var model = Load(new OnnxTestModel { Head = head, Strides = [8] });

        var outcome = new Detector(model).Detect(OneBlueObject(scale), Cancelled);

        Assert.True(outcome.Succeeded);
        Assert.Equal((96 * scale, 64 * scale), (outcome.Width, outcome.Height));
        var detection = Assert.Single(outcome.Detections);
        Assert.Equal((0, "blue"), (detection.ClassId, detection.ClassName));
        Assert.InRange(detection.Score, 0.9999f, 1f);
        Assert.Equal(x, detection.Box.X, 1e-3f);
        Assert.Equal(y, detection.Box.Y, 1e-3f);
        Assert.Equal(side, detection.Box.Width, 1e-3f);
        Assert.Equal(side, detection.Box.Height, 1e-3f);
    }

    [Fact]
    public void Detect_ExifOrientation_GivesBoxesInTheUprightImage()
    {
        using var model = Load(new OnnxTestModel { Strides = [8], KeepRatio = true, Width = 64, Height = 64 });
        var jpeg = TestImages.WithExifOrientation(
            TestImages.Rectangle(64, 32, new Rect(0, 0, 20, 12), Red, ".jpg"),
            orientation: 6);

        var outcome = new Detector(model).Detect(jpeg, Cancelled);

        Assert.Equal((32, 64), (outcome.Width, outcome.Height));
        Assert.NotEmpty(outcome.Detections!);
        Assert.All(outcome.Detections!, detection => Assert.True(detection.ClassName == "red" && detection.Box.X >= 8 && detection.Box.Y <= 24));
    }

    [Fact]
    public void Detect_BadImagesAmongOthers_DisturbNoOther()
    {
        using var model = Load(new OnnxTestModel { Strides = [8] });
        var png = OneBlueObject();
        ReadOnlyMemory<byte>[] images =
        [
            png, ReadOnlyMemory<byte>.Empty, "hello"u8.ToArray(), png, png.AsMemory(0, png.Length - 5),
            TestImages.PngClaiming(50_000, 50_000), TestImages.PngClaiming(96, 64), OneBlueObject(2),
        ];

        var outcomes = new Detector(model).Detect(images, Cancelled);

        Assert.Equal(
            [
                null, ImageErrorCodes.Empty, ImageErrorCodes.NotAnImage, null, ImageErrorCodes.Truncated,
                ImageErrorCodes.TooManyPixels, ImageErrorCodes.Undecodable, null,
            ],
            outcomes.Select(outcome => outcome.Error?.Code));
        Assert.Equal([3, 0, 0, 3, 0, 0, 0, 3], outcomes.Select(outcome => outcome.RunSize));
        Assert.Equal(outcomes[0].Detections, outcomes[3].Detections);
        Assert.Equal(192, outcomes[7].Width);
        Assert.All(outcomes.Where(outcome => !outcome.Succeeded), outcome => Assert.Null(outcome.Detections));
    }

    [Theory]
    [InlineData(0, 8, new[] { 8, 8, 8, 8, 8, 8, 8, 8, 2, 2 })]
    [InlineData(0, 3, new[] { 3, 3, 3, 3, 3, 3, 3, 3, 3, 1 })]
    [InlineData(1, 8, new[] { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 })]
    public void Detect_ManyImages_ShareRuns(int fixedBatch, int maxRunSize, int[] expected)
    {
        using var model = Load(new OnnxTestModel { Strides = [8], FixedBatch = fixedBatch });
        var images = Enumerable.Repeat((ReadOnlyMemory<byte>)OneBlueObject(), 10).ToArray();

        var outcomes = new Detector(model, new DetectorOptions { MaxRunSize = maxRunSize }).Detect(images, Cancelled);

        Assert.Equal(expected, outcomes.Select(outcome => outcome.RunSize));
        Assert.All(outcomes, outcome => Assert.Equal(outcomes[0].Detections, outcome.Detections));
    }

    [Fact]
    public void Detect_KeepRatioShapes_ShareARunOnlyWithTheirOwn()
    {
        using var model = Load(new OnnxTestModel { Strides = [8], KeepRatio = true, Width = 64, Height = 64 });
        var wide = TestImages.Rectangle(100, 40, new Rect(10, 10, 30, 20), Blue);
        var tall = TestImages.Rectangle(40, 100, new Rect(10, 10, 20, 30), Red);
        ReadOnlyMemory<byte>[] images = [wide, tall, wide, wide, tall];
        var detector = new Detector(model);

        var outcomes = detector.Detect(images, Cancelled);

        Assert.Equal([3, 2, 3, 3, 2], outcomes.Select(outcome => outcome.RunSize));
        for (var i = 0; i < images.Length; i++)
        {
            var alone = detector.Detect(images[i].Span, Cancelled);
            Assert.Equal(alone.Detections, outcomes[i].Detections);
            Assert.NotEmpty(alone.Detections!);
            Assert.Equal((alone.Width, alone.Height), (outcomes[i].Width, outcomes[i].Height));
        }
    }

    [Fact]
    public void Detect_ManyImagesOfManyShapes_KeepTheirOrder()
    {
        using var model = Load(new OnnxTestModel { Strides = [8], KeepRatio = true, Width = 128, Height = 128 });
        var random = new Random(3);
        var images = Enumerable.Range(0, 60)
            .Select(_ => (ReadOnlyMemory<byte>)TestImages.Encoded(".bmp", random.Next(20, 200), random.Next(20, 200)))
            .ToArray();
        var detector = new Detector(model, new DetectorOptions { MaxRunSize = 4 });

        var outcomes = detector.Detect(images, Cancelled);

        foreach (var (image, outcome) in images.Zip(outcomes))
        {
            Assert.Equal(detector.Detect(image.Span, Cancelled).Detections, outcome.Detections);
        }
    }

    [Fact]
    public void Detect_ImagesThatTogetherExceedThePixels_AreAllDetected()
    {
        using var model = Load(new OnnxTestModel { Strides = [8] });
        var options = new DetectorOptions { Limits = new ImageLimits { MaxPixels = 96 * 64 } };
        var images = Enumerable.Repeat((ReadOnlyMemory<byte>)OneBlueObject(), 5).ToArray();

        var outcomes = new Detector(model, options).Detect(images, Cancelled);

        Assert.All(outcomes, outcome => Assert.Single(outcome.Detections!));
        Assert.All(outcomes, outcome => Assert.Equal(5, outcome.RunSize));
    }

    [Fact]
    public void Detect_FromManyThreads_GivesTheSameDetections()
    {
        using var model = Load(new OnnxTestModel { Strides = [8] });
        var detector = new Detector(model, new DetectorOptions { MaxRunSize = 2 });
        var images = Enumerable.Range(1, 5).Select(scale => (ReadOnlyMemory<byte>)OneBlueObject(scale)).ToArray();
        var expected = images.Select(image => Assert.Single(detector.Detect(image.Span, Cancelled).Detections!)).ToArray();

        Parallel.For(0, 16, _ => Assert.Equal(
            expected,
            detector.Detect(images, Cancelled).Select(outcome => Assert.Single(outcome.Detections!))));
    }

    [Fact]
    public void Detect_Timings_ComeFromTheClock()
    {
        using var model = Load(new OnnxTestModel());

        var outcome = new Detector(model, timeProvider: new StepTimeProvider()).Detect(OneBlueObject(), Cancelled);

        // Header and decoding are timed apart.
        Assert.Equal(new StageTimings(2, 1, 1, 1), outcome.Timings);
    }

    [Fact]
    public void Detect_NoImages_GivesNoOutcomes()
    {
        using var model = Load(new OnnxTestModel());

        Assert.Empty(new Detector(model).Detect(Array.Empty<ReadOnlyMemory<byte>>(), Cancelled));
    }

    [Fact]
    public void Detect_Cancelled_Throws()
    {
        using var model = Load(new OnnxTestModel());

        Assert.ThrowsAny<OperationCanceledException>(() => new Detector(model).Detect(OneBlueObject(), new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Detect_DisposedModel_Throws()
    {
        var model = Load(new OnnxTestModel());
        var detector = new Detector(model);
        model.Dispose();

        Assert.Throws<ObjectDisposedException>(() => detector.Detect(OneBlueObject(), Cancelled));
    }

    [Theory]
    [InlineData(-0.1f, 0.6f, 100, 8)]
    [InlineData(0.35f, 1.1f, 100, 8)]
    [InlineData(float.NaN, 0.6f, 100, 8)]
    [InlineData(0.35f, 0.6f, 0, 8)]
    [InlineData(0.35f, 0.6f, 100, -1)]
    [InlineData(0.35f, 0.6f, 100, 257)]
    public void Create_OptionOutOfRange_IsRefused(float score, float iou, int most, int batch)
    {
        using var model = Load(new OnnxTestModel());
        var options = new DetectorOptions { ScoreThreshold = score, IouThreshold = iou, MaxDetections = most, MaxRunSize = batch };

        Assert.Throws<ValidationException>(() => new Detector(model, options));
        Assert.Throws<ValidationException>(() => new Detector(model, new DetectorOptions { Limits = new ImageLimits { MaxPixels = 0 } }));
    }
}
