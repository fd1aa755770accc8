using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Slicing;

namespace Nanodet.Serverless.Detection.Tests.Slicing;

public sealed class SliceMergerTests
{
    private const int Side = 1000;
    private static readonly Tile Left = new(0, 0, 600, Side);
    private static readonly Tile Right = new(400, 0, 600, Side);
    private static readonly Tile Whole = new(0, 0, Side, Side);

    [Theory]
    [InlineData(SliceMerge.Nms)]
    [InlineData(SliceMerge.Greedy)]
    public void Merge_PieceAtAnInnerBorder_DoesNotBeatTheWholeBox(SliceMerge merge)
    {
        // The left tile ends in the middle of the object, is surer of its half, and the right tile sees all of it.
        var merged = Merge(merge, In(Left, 560, 100, 600, 200, 0.9f), In(Right, 560, 100, 640, 200, 0.6f));

        Assert.Equal([(560, 100, 640, 200, 0.6f)], merged.Select(Corners));
    }

    [Theory]
    [InlineData(SliceMerge.Nms)]
    [InlineData(SliceMerge.Greedy)]
    public void Merge_ObjectThatNoTileSeesWhole_IsJoinedOfItsPieces(SliceMerge merge)
    {
        var merged = Merge(merge, In(Left, 350, 100, 600, 200, 0.7f), In(Right, 400, 102, 650, 198, 0.8f));

        Assert.Equal([(350, 100, 650, 200, 0.8f)], merged.Select(Corners));
    }

    [Fact]
    public void Merge_PieceWithoutAWholeBox_Stays() =>
        Assert.Equal([(560, 100, 600, 200, 0.5f)], Merge(SliceMerge.Nms, In(Left, 560, 100, 600, 200, 0.5f)).Select(Corners));

    [Fact]
    public void Merge_TwoPiecesOfOneTile_AreTwoObjects() => Assert.Equal(
        2, Merge(SliceMerge.Nms, In(Left, 500, 100, 600, 200, 0.5f), In(Left, 540, 140, 600, 160, 0.6f)).Length);

    [Fact]
    public void Merge_BoxAtTheImagesOwnBorder_IsNotCut()
    {
        // Both touch the image's right edge, as the whole object does: the surer one wins.
        var merged = Merge(SliceMerge.Nms, In(Right, 900, 100, 1000, 200, 0.9f), In(Whole, 895, 100, 1000, 200, 0.5f));

        Assert.Equal([(900, 100, 1000, 200, 0.9f)], merged.Select(Corners));
    }

    [Fact]
    public void Merge_OfOtherClasses_SuppressesNothing() => Assert.Equal(
        2, Merge(SliceMerge.Greedy, In(Left, 10, 10, 50, 50, 0.9f), In(Whole, 10, 10, 50, 50, 0.8f, classId: 1)).Length);

    [Fact]
    public void Merge_PartInsideAWholeBox_GoesInGreedyMergingOnly()
    {
        // IoU 0.25: two objects for NMS, one for the share of the smaller box.
        Piece[] Pieces() => [In(Whole, 100, 100, 300, 300, 0.9f), In(Left, 110, 110, 210, 210, 0.8f)];

        Assert.Equal(2, Merge(SliceMerge.Nms, Pieces()).Length);
        Assert.Equal([(100, 100, 300, 300, 0.9f)], Merge(SliceMerge.Greedy, Pieces()).Select(Corners));
    }

    [Fact]
    public void Merge_Greedy_GrowsAroundWhatItTakesIn()
    {
        var merged = Merge(SliceMerge.Greedy, In(Whole, 100, 100, 200, 200, 0.9f), In(Left, 90, 120, 180, 190, 0.8f));

        Assert.Equal([(90, 100, 200, 200, 0.9f)], merged.Select(Corners));
    }

    [Fact]
    public void Merge_MoreThanTheMost_KeepsTheBest()
    {
        var pieces = Enumerable.Range(0, 20).Select(i => In(Whole, i * 40, 0, (i * 40) + 20, 20, 0.5f + (i * 0.01f))).ToArray();

        var merged = SliceMerger.Merge(pieces, SliceMerge.Nms, 0.6f, most: 3);

        Assert.Equal([0.69f, 0.68f, 0.67f], merged.Select(found => found.Score), new Near());
    }

    private static DetectedObject[] Merge(SliceMerge merge, params Piece[] pieces) => SliceMerger.Merge(pieces, merge, 0.6f, most: 100);

    /// <summary>A box in pixels of the image, as a tile that it lies in found it.</summary>
    private static Piece In(Tile tile, float x1, float y1, float x2, float y2, float score, int classId = 0) => new(
        new DetectedObject(classId, $"class {classId}", score, new BoundingBox(x1 - tile.X, y1 - tile.Y, x2 - x1, y2 - y1)),
        tile,
        Side,
        Side,
        tileIndex: tile == Whole ? 0 : tile == Left ? 1 : 2);

    private static (int X1, int Y1, int X2, int Y2, float Score) Corners(DetectedObject found) => (
        (int)found.Box.X,
        (int)found.Box.Y,
        (int)(found.Box.X + found.Box.Width),
        (int)(found.Box.Y + found.Box.Height),
        found.Score);

    private sealed class Near : IEqualityComparer<float>
    {
        public bool Equals(float x, float y) => Math.Abs(x - y) < 1e-5f;

        public int GetHashCode(float obj) => 0;
    }
}
