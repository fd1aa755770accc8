using Nanodet.Detection.Images;
using Nanodet.Detection.Slicing;

namespace Nanodet.Serverless.Detection.Tests.Slicing;

public sealed class TileGridTests
{
    [Theory]
    [InlineData(640, 640, 640, 0.2f)]
    [InlineData(100, 30, 640, 0f)]
    public void Of_ImageNoLargerThanATile_IsTheWholeAlone(int width, int height, int size, float overlap) =>
        Assert.Equal([new Tile(0, 0, width, height)], TileGrid.Of(width, height, new SliceOptions(size, overlap)));

    [Theory]
    [InlineData(641, 640, 640, 0.2f, 2)]
    [InlineData(1920, 1080, 640, 0.2f, 8)]
    [InlineData(4000, 3000, 640, 0.2f, 48)]
    [InlineData(1000, 200, 300, 0f, 4)]
    [InlineData(200, 1000, 64, 0.75f, 600)]
    [InlineData(1280, 1280, 640, 0f, 4)]
    public void Of_LargerImage_CoversItEvenlyWithAtLeastTheOverlap(int width, int height, int size, float overlap, int count)
    {
        var tiles = TileGrid.Of(width, height, new SliceOptions(size, overlap));

        Assert.Equal(new Tile(0, 0, width, height), tiles[0]);
        var parts = tiles.Skip(1).ToArray();
        Assert.Equal(count, parts.Length);
        Assert.All(parts, tile => Assert.Equal((Math.Min(size, width), Math.Min(size, height)), (tile.Width, tile.Height)));
        AssertAxis([.. parts.Select(tile => tile.X).Distinct().Order()], width, size, overlap);
        AssertAxis([.. parts.Select(tile => tile.Y).Distinct().Order()], height, size, overlap);
        Assert.Equal(parts.Length, parts.Distinct().Count());
    }

    [Fact]
    public void Of_MoreTilesThanAnImageMayHave_IsTheImagesError()
    {
        var failure = Assert.Throws<ImageException>(() => TileGrid.Of(30_000, 3_000, new SliceOptions(64, 0.5f)));

        Assert.Equal(ImageErrorCodes.TooManyTiles, failure.Code);
        Assert.Contains("use larger slices", failure.Message, StringComparison.Ordinal);
    }

    private static void AssertAxis(int[] starts, int length, int size, float overlap)
    {
        Assert.Equal(0, starts[0]);
        Assert.Equal(Math.Max(0, length - size), starts[^1]);
        var gaps = starts.Zip(starts.Skip(1), (a, b) => b - a).ToArray();
        Assert.All(gaps, gap => Assert.True(gap <= size - (size * overlap)));
        Assert.True(gaps.Length == 0 || gaps.Max() - gaps.Min() <= 1);
    }
}
