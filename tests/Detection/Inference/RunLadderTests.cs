using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class RunLadderTests
{
    [Fact]
    public void Plan_OneSize_IsRepeated()
    {
        var ladder = new RunLadder([(1, 0.001)], 8);

        Assert.Equal([1, 1, 1], ladder.Plan(3));
        Assert.Equal([1], ladder.Useful);
    }

    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(3, new[] { 8 })]
    [InlineData(8, new[] { 8 })]
    [InlineData(9, new[] { 1, 8 })]
    [InlineData(16, new[] { 8, 8 })]
    [InlineData(40, new[] { 64 })]
    [InlineData(64, new[] { 64 })]
    public void Plan_MeasuredSizes_TakesTheLeastTime(int count, int[] expected)
    {
        // 1.0, 2.1 and 8.1 ms: what an H100 takes for 1, 8 and 64 images of nanodet-plus-m_416, rounded.
        var ladder = new RunLadder([(64, 0.0081), (1, 0.001), (8, 0.0021)], 64);

        Assert.Equal(expected, ladder.Plan(count).Order());
    }

    [Fact]
    public void Plan_AnyCount_HasRoomForItAndIsNotSlowerThanOneSize()
    {
        (int Size, double Seconds)[] sizes = [(1, 1.0), (2, 1.5), (4, 3.5), (8, 3.9), (16, 8.5)];
        var ladder = new RunLadder(sizes, 40);
        for (var count = 1; count <= 40; count++)
        {
            var plan = ladder.Plan(count);
            var seconds = plan.Sum(size => sizes.Single(known => known.Size == size).Seconds);

            Assert.True(plan.Sum() >= count);
            Assert.True(plan.Sum() - plan.Max() < count, "no run is for nothing");
            Assert.All(sizes, size => Assert.True(seconds <= ((count + size.Size - 1) / size.Size * size.Seconds) + 1e-9));
        }
    }

    [Fact]
    public void Useful_SizeThatNoRequestGainsBy_HasNoPlace() =>
        Assert.Equal([1, 8], new RunLadder([(1, 1.0), (4, 5.0), (8, 6.0), (16, 13.0)], 16).Useful);
}
