using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Tests.Output;

public sealed class ProgressTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Rate_SaysHowManyHowFastAndHowLong()
    {
        var rate = new ProgressRate(_clock);
        Assert.Equal("detecting: 0 of 5,000 images, 0.0/s", rate.Describe("detecting", 0, 5000));
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("detecting: 1,200 of 5,000 images, 120.0/s, 32 s left", rate.Describe("detecting", 1200, 5000));

        // Kept results took no time: they say nothing of the others.
        Assert.Equal("detecting: 1,200 of 91,200 images, 20.0/s, 75 min left", rate.Describe("detecting", 1200, 91_200, free: 1000));
        Assert.Equal("exporting: 7 images, 0.7/s", rate.Describe("exporting", 7, total: null));
    }

    [Fact]
    public void Lines_AreTenSecondsApart()
    {
        using var written = new StringWriter();
        var progress = new StepProgress(task: null, new ProgressLines(_clock, written));
        for (var second = 1; second <= 35; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            progress.Report($"{second}", second, 35);
        }

        Assert.Equal(["10", "20", "30"], written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim()));
    }
}
