using Nanodet.Detection.Detectors;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Filtering;

public sealed class DetectionFilterTests
{
    private static readonly RegionPoint[] LeftHalf = [new(0, 0), new(0.5f, 0), new(0.5f, 1), new(0, 1)];

    // Blue at the left, red at the right, each over one point of the model.
    private static readonly byte[] Image = TestImages.Encode(
        ".png", new TestPicture(96, 64).Fill(new Rect(20, 12, 8, 8), new Bgr(255, 0, 0)).Fill(new Rect(68, 44, 8, 8), new Bgr(0, 0, 255)));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void Detect_Classes_AreTheOnlyOnes()
    {
        Assert.Equal(["blue", "red"], Detect(filter: null));
        Assert.Equal(["red"], Detect(new DetectionFilter(classes: ["red", "green"])));
    }

    [Fact]
    public void Detect_ThresholdsPerClass_RaiseAndLower()
    {
        // A score threshold of 1 lets nothing through but a class that has a lower one.
        Assert.Equal(["blue"], Detect(new DetectionFilter(classThresholds: [new("red", 1f)])));
        Assert.Equal(["red"], Detect(new DetectionFilter(classThresholds: [new("red", 0.5f)]), score: 1));
    }

    [Fact]
    public void Detect_Region_CountsByTheCentre()
    {
        Assert.Equal(["blue"], Detect(new DetectionFilter(regions: [new Region(LeftHalf, Relative: true)])));

        // The red box is 64 to 80 wide and 40 to 56 high: its centre is (72, 48).
        Assert.Equal(["red"], Detect(new DetectionFilter(regions: [new Region([new(71, 47), new(73, 47), new(72, 50)])])));
        Assert.Empty(Detect(new DetectionFilter(regions: [new Region([new(64, 40), new(71, 40), new(71, 56), new(64, 56)])])));
    }

    [Fact]
    public void Detect_RegionOfOtherImages_IsNoneOfThis()
    {
        var filter = new DetectionFilter(regions: [new Region(LeftHalf, "cam1/*.png", Relative: true)]);

        Assert.Equal(["blue"], Detect(filter, name: "cam1/deep/a.png"));
        Assert.Equal(["blue", "red"], Detect(filter, name: "cam2/a.png"));
        Assert.Equal(["blue", "red"], Detect(filter));
    }

    [Fact]
    public void Detect_Region_LeavesTheMostDetectionsToWhatLiesInIt()
    {
        var right = new Region([new(0.5f, 0), new(1, 0), new(1, 1), new(0.5f, 1)], Relative: true);

        Assert.Equal(["red"], Detect(new DetectionFilter(regions: [right]), most: 1));
    }

    [Fact]
    public void Holds_ConcavePolygon_LeavesItsNotchOut()
    {
        var region = new Region([new(0, 0), new(10, 0), new(10, 10), new(5, 2), new(0, 10)]);

        Assert.True(region.Holds(new(0, 0, 2, 4), 100, 100));
        Assert.False(region.Holds(new(4, 7, 2, 2), 100, 100));
    }

    [Fact]
    public void Detector_UnknownClass_IsRefusedByName()
    {
        var failure = Assert.Throws<FilterException>(() => Detect(new DetectionFilter(classes: ["Red"])));

        Assert.Equal(FilterErrorCodes.UnknownClass, failure.Code);
        Assert.Contains("blue, green, red", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Equals_SameFilterInAnotherOrder_IsEqual()
    {
        var filter = new DetectionFilter(["b", "a"], [new("y", 0.5f), new("x", 0.2f)], [new Region(LeftHalf, Relative: true)]);
        var same = new DetectionFilter(["a", "b", "a"], [new("x", 0.2f), new("y", 0.5f)], [new Region([.. LeftHalf], Relative: true)]);

        Assert.Equal(filter, same);
        Assert.Equal(filter.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(filter, new DetectionFilter(["a", "b"], filter.ClassThresholds, [new Region(LeftHalf)]));
        Assert.NotEqual(filter, new DetectionFilter(["a"], filter.ClassThresholds, filter.Regions));
        Assert.Equal(new DetectorOptions { Filter = filter }, new DetectorOptions { Filter = same });
    }

    [Theory]
    [InlineData(-0.1f)]
    [InlineData(1.1f)]
    [InlineData(float.NaN)]
    public void DetectionFilter_ThresholdOutOfRange_IsRefused(float threshold) =>
        AssertInvalid(() => new DetectionFilter(classThresholds: [new("a", threshold)]));

    [Fact]
    public void DetectionFilter_PolygonOfTwoCornersOrOutside_IsRefused()
    {
        AssertInvalid(() => new DetectionFilter(regions: [new Region([new(0, 0), new(1, 1)])]));
        AssertInvalid(() => new DetectionFilter(regions: [new Region([new(0, 0), new(2, 1), new(1, 1)], Relative: true)]));
        AssertInvalid(() => new DetectionFilter(regions: [new Region([new(0, 0), new(float.NaN, 1), new(1, 1)])]));
        AssertInvalid(() => new DetectionFilter(regions: Enumerable.Repeat(new Region(LeftHalf), DetectionFilter.MaxRegions + 1)));
    }

    private static void AssertInvalid(Func<DetectionFilter> make) =>
        Assert.Equal(FilterErrorCodes.Invalid, Assert.Throws<FilterException>(make).Code);

    private static string[] Detect(DetectionFilter? filter, float score = 0.35f, int most = 100, string? name = null)
    {
        using var model = NanodetModel.Load(
            new OnnxTestModel { Strides = [8] }.Build(), new ModelOptions { Provider = ExecutionProvider.Cpu });
        var detector = new Detector(model, new DetectorOptions { Filter = filter, ScoreThreshold = score, MaxDetections = most });
        var outcome = name is null ? detector.Detect([Image], Cancelled)[0] : detector.Detect([Image], [name], Cancelled)[0];
        return [.. outcome.Detections!.Select(found => found.ClassName).Order(StringComparer.Ordinal)];
    }
}
