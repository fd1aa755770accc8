using Nanodet.Serverless.Functions.Orchestration;

namespace Nanodet.Serverless.Functions.Tests.Orchestration;

public sealed class WaitsTests
{
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 4)]
    [InlineData(2, 8)]
    [InlineData(3, 15)]
    [InlineData(4, 15)]
    [InlineData(1000, 15)]
    [InlineData(int.MaxValue, 15)]
    public void After_Round_DoublesUpToTheLongest(int round, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), Waits(2, 15).After(round));

    [Fact]
    public void After_LimitAboveLongest_IsTheLimitEachTime()
    {
        var waits = Waits(10, 5);

        Assert.Equal([TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)], [waits.After(0), waits.After(9)]);
    }

    private static Waits Waits(int limit, int longest) => new(
        TimeSpan.FromMinutes(limit), TimeSpan.FromMinutes(longest), 3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
}
