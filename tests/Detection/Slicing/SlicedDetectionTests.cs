using System.ComponentModel.DataAnnotations;
using Nanodet.Detection.Batching;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Slicing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Slicing;

public sealed class SlicedDetectionTests
{
    private static readonly Bgr Blue = new(255, 0, 0);
    private static readonly DetectorOptions Sliced = new() { Slices = new SliceOptions(96, 0.25f), MaxRunSize = 4 };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void Detect_ObjectTooSmallForTheWholeImage_IsFoundInItsTileAndStandsWhereItIs()
    {
        using var model = Load();
        var image = TestImages.Encode(".png", Picture());

        var whole = new Detector(model).Detect(image, Cancelled);
        var sliced = new Detector(model, Sliced).Detect(image, Cancelled);

        Assert.Empty(whole.Detections!);
        Assert.Equal((480, 192), (sliced.Width, sliced.Height));

        // The points of the tiles lie 8 pixels apart, and each box reaches one stride to every side.
        Assert.NotEmpty(sliced.Detections!);
        Assert.All(sliced.Detections!, found =>
        {
            Assert.Equal("blue", found.ClassName);
            var (x, y) = (found.Box.X + 8, found.Box.Y + 8);
            Assert.True(x is >= 100 and < 112 && y is >= 60 and < 72, $"{found.Box}");
        });
    }

    [Fact]
    public async Task Detect_ByEveryWay_IsTheSame()
    {
        using var model = Load();
        var detector = new Detector(model, Sliced);
        var picture = Picture();
        var small = TestImages.Rectangle(90, 60, new Rect(20, 12, 20, 20), Blue);
        var image = TestImages.Encode(".png", picture);

        var alone = detector.Detect(image, Cancelled);
        var among = detector.Detect([small, image, "no image"u8.ToArray(), image], Cancelled);
        var pixels = detector.DetectPixels(picture.Pixels, picture.Width, picture.Height, 3 * picture.Width, Cancelled);
        await using var batcher = new DetectionBatcher(detector);
        var batched = await batcher.DetectAsync(image, Cancelled);

        Assert.Equal(alone.Detections, among[1].Detections);
        Assert.Equal(alone.Detections, among[3].Detections);
        Assert.Equal(alone.Detections, pixels.Detections);
        Assert.Equal(alone.Detections, batched.Detections);
        Assert.Equal(new Detector(model).Detect(small, Cancelled).Detections, among[0].Detections);
        Assert.Equal(ImageErrorCodes.NotAnImage, among[2].Error?.Code);
        Assert.InRange(alone.RunSize, 1, 4);
    }

    [Fact]
    public void Detect_Tile_IsWhatItsCropGives()
    {
        using var model = Load();
        var detector = new Detector(model);
        var picture = TestImages.Gradient(480, 192).Fill(new Rect(100, 60, 12, 12), Blue).Fill(new Rect(380, 100, 40, 9), Blue);
        var tiles = TileGrid.Of(picture.Width, picture.Height, Sliced.Slices!);
        var pieces = tiles.SelectMany((tile, index) => detector.Detect(TestImages.Encode(".png", Crop(picture, tile)), Cancelled)
            .Detections!.Select(found => new Piece(found, tile, picture.Width, picture.Height, index)));
        var expected = SliceMerger.Merge([.. pieces], SliceMerge.Nms, detector.Options.IouThreshold, detector.Options.MaxDetections);

        var found = new Detector(model, Sliced).Detect(TestImages.Encode(".png", picture), Cancelled);

        Assert.NotEmpty(expected);
        Assert.Equal(expected, found.Detections);
    }

    [Fact]
    public void Detect_ImageThatWouldHaveTooManyTiles_FailsAndDisturbsNoOther()
    {
        using var model = Load();
        var detector = new Detector(model, Sliced with { Slices = new SliceOptions(64, 0.8f) });
        var large = TestImages.Rectangle(3000, 400, new Rect(0, 0, 1, 1), Blue);
        var small = TestImages.Rectangle(90, 60, new Rect(20, 12, 20, 20), Blue);

        var outcomes = detector.Detect([large, small], Cancelled);

        Assert.Equal(ImageErrorCodes.TooManyTiles, outcomes[0].Error?.Code);
        Assert.NotEmpty(outcomes[1].Detections!);
    }

    [Fact]
    public void Detect_FastDecode_LooksAtTilesInFull()
    {
        using var model = Load();
        var jpeg = TestImages.Encode(".jpg", Picture());

        var fast = new Detector(model, Sliced with { FastDecode = true }).Detect(jpeg, Cancelled);

        Assert.Equal(new Detector(model, Sliced).Detect(jpeg, Cancelled).Detections, fast.Detections);
    }

    [Theory]
    [InlineData(63, 0.2f)]
    [InlineData(8193, 0.2f)]
    [InlineData(640, -0.1f)]
    [InlineData(640, 0.9f)]
    [InlineData(640, float.NaN)]
    public void Detector_SlicesOutOfRange_AreRefused(int size, float overlap)
    {
        using var model = Load();

        Assert.Throws<ValidationException>(() => new Detector(model, new DetectorOptions { Slices = new SliceOptions(size, overlap) }));
    }

    private static NanodetModel Load() => NanodetModel.Load(
        new OnnxTestModel { Strides = [8], Width = 96, Height = 96 }.Build(), new ModelOptions { Provider = ExecutionProvider.Cpu });

    /// <summary>Of the whole, the model samples every 40th column: none lies in the rectangle.</summary>
    private static TestPicture Picture() => new TestPicture(480, 192).Fill(new Rect(100, 60, 12, 12), Blue);

    private static TestPicture Crop(TestPicture picture, Tile tile)
    {
        var crop = new TestPicture(tile.Width, tile.Height);
        for (var y = 0; y < tile.Height; y++)
        {
            for (var x = 0; x < tile.Width; x++)
            {
                crop[x, y] = picture[tile.X + x, tile.Y + y];
            }
        }

        return crop;
    }
}
