using Nanodet.Detection.Benchmarking;

namespace Nanodet.Serverless.Detection.Tests.Benchmarking;

public sealed class BenchmarkLimitTests
{
    [Fact]
    public void Take_TimeIsOverBeforeTheFirstCall_LetsOneCallThrough()
    {
        var limit = BenchmarkLimit.After(TimeSpan.Zero, TimeProvider.System);

        Assert.Equal([3, 0, 0], new[] { limit.Take(3), limit.Take(3), limit.Take(3) });
    }

    [Fact]
    public void Take_NumberOfImages_EndsWithWhatIsLeft()
    {
        var limit = BenchmarkLimit.After(5);

        Assert.Equal([4, 1, 0], new[] { limit.Take(4), limit.Take(4), limit.Take(4) });
    }
}
