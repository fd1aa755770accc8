namespace Nanodet.Serverless.Checkpoints.Tests.Golden;

public class GoldenArrayTests
{
    [Fact]
    public void ToRowMajor_ColumnMajor_IsReordered() =>
        Assert.Equal([0, 1, 2, 10, 11, 12], GoldenArray.ToRowMajor([0, 10, 1, 11, 2, 12], [2, 3]));

    [Fact]
    public void ToRowMajor_ThreeDimensions_AreReordered()
    {
        // Element (i, j, k) is worth 100 i + 10 j + k; stored with i fastest.
        var stored = from k in Enumerable.Range(0, 4) from j in Enumerable.Range(0, 3) from i in Enumerable.Range(0, 2) select (100f * i) + (10 * j) + k;
        var expected = from i in Enumerable.Range(0, 2) from j in Enumerable.Range(0, 3) from k in Enumerable.Range(0, 4) select (100f * i) + (10 * j) + k;

        Assert.Equal(expected, GoldenArray.ToRowMajor([.. stored], [2, 3, 4]));
    }
}
