using Nanodet.Detection.Postprocessing;

namespace Nanodet.Serverless.Detection.Tests.Postprocessing;

public sealed class NonMaximumSuppressionTests
{
    private static Candidate Box(float x1, float y1, float x2, float y2, float score, int classId = 0, int index = 0) =>
        new(x1, y1, x2, y2, score, classId, index);

    private static Candidate[] Kept(Candidate[] boxes, float iouThreshold, int most)
    {
        var places = new int[most];
        var count = NonMaximumSuppression.Apply(boxes, iouThreshold, places);
        return [.. places.Take(count).Select(place => boxes[place])];
    }

    [Fact]
    public void IntersectionOverUnion_HandWorked_IsExact()
    {
        Assert.Equal(1, NonMaximumSuppression.IntersectionOverUnion(Box(0, 0, 10, 10, 1), Box(0, 0, 10, 10, 1)));
        Assert.Equal(0, NonMaximumSuppression.IntersectionOverUnion(Box(0, 0, 10, 10, 1), Box(10, 0, 20, 10, 1)));
        Assert.Equal(25f / 175f, NonMaximumSuppression.IntersectionOverUnion(Box(0, 0, 10, 10, 1), Box(5, 5, 15, 15, 1)));
        Assert.True(float.IsNaN(NonMaximumSuppression.IntersectionOverUnion(Box(1, 1, 1, 1, 1), Box(1, 1, 1, 1, 1))));
    }

    [Fact]
    public void Apply_IouEqualToTheThreshold_KeepsBoth()
    {
        Candidate[] boxes = [Box(0, 0, 10, 10, 0.9f), Box(0, 0, 10, 6, 0.8f, index: 1)];

        Assert.Equal(2, Kept(boxes, 0.6f, 100).Length);
        Assert.Single(Kept(boxes, MathF.BitDecrement(0.6f), 100));
    }

    [Fact]
    public void Apply_OverlapAcrossClasses_KeepsBoth()
    {
        Candidate[] boxes = [Box(0, 0, 10, 10, 0.8f, classId: 1, index: 1), Box(0, 0, 10, 10, 0.9f)];

        Assert.Equal([0.9f, 0.8f], Kept(boxes, 0.6f, 100).Select(box => box.Score));
    }

    [Fact]
    public void Apply_SuppressedBox_SuppressesNothing()
    {
        // The second goes because of the first; the third overlaps only with the second.
        Candidate[] boxes = [Box(0, 0, 10, 10, 0.9f), Box(0, 2, 10, 12, 0.8f, index: 1), Box(0, 4, 10, 14, 0.7f, index: 2)];

        Assert.Equal([0.9f, 0.7f], Kept(boxes, 0.6f, 100).Select(box => box.Score));
    }

    [Fact]
    public void Apply_EqualScores_KeepsTheLowerIndexFirst()
    {
        Candidate[] boxes = [Box(0, 0, 10, 10, 0.5f, index: 9), Box(50, 0, 60, 10, 0.5f, index: 3), Box(1, 0, 11, 10, 0.5f, index: 5)];

        Assert.Equal([3, 5], Kept(boxes, 0.6f, 100).Select(box => box.Index));
    }

    [Fact]
    public void Apply_MoreThanTheMost_KeepsTheHighestScores()
    {
        var boxes = Enumerable.Range(0, 50).Select(i => Box(i * 20, 0, (i * 20) + 10, 10, i / 100f, index: i)).ToArray();

        Assert.Equal([49, 48, 47], Kept(boxes, 0.6f, 3).Select(box => box.Index));
    }

    [Fact]
    public void Apply_Nothing_KeepsNothing() => Assert.Empty(Kept([], 0.6f, 100));
}
