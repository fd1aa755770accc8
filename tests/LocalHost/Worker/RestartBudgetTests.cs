using Nanodet.Serverless.LocalHost.Worker;

namespace Nanodet.Serverless.LocalHost.Tests.Worker;

public sealed class RestartBudgetTests
{
    [Fact]
    public void Take_DeathAfterDeath_WaitsThirtySecondsAtMostAndNeverEnds()
    {
        var budget = new RestartBudget(5, TimeSpan.FromMinutes(10), new Clock());

        var pauses = Enumerable.Range(0, 40).Select(_ => budget.Take().TotalSeconds).ToArray();

        Assert.Equal([0.25, 0.5, 1, 2, 4], pauses[..5]);
        Assert.All(pauses[5..], pause => Assert.Equal(30, pause));
        Assert.Equal(40, budget.Count);
    }

    [Fact]
    public void Take_DeathsFarApart_AreForgotten()
    {
        var time = new Clock();
        var budget = new RestartBudget(2, TimeSpan.FromMinutes(10), time);
        for (var i = 0; i < 20; i++)
        {
            Assert.InRange(budget.Take().TotalSeconds, 0.25, 0.5);
            time.Now += TimeSpan.FromMinutes(6);
        }

        Assert.Equal(2, budget.Count);
    }

    [Fact]
    public void Take_ManyQuickRestarts_StayBelowTenSeconds()
    {
        var budget = new RestartBudget(100, TimeSpan.FromMinutes(10), new Clock());
        Assert.Equal(10, Enumerable.Range(0, 100).Max(_ => budget.Take().TotalSeconds));
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
