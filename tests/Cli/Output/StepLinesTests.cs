using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Tests.Output;

public sealed class StepLinesTests
{
    [Fact]
    public void Plain_Steps_AreOneLineEachAndTheirTimeWhereItWasLong()
    {
        var clock = new FakeTimeProvider();
        using var writer = new StringWriter { NewLine = "\n" };
        var steps = StepLines.Plain(clock, writer);

        steps.Begin("starting storage");
        clock.Advance(TimeSpan.FromMilliseconds(900));
        steps.Begin("loading the model");
        steps.Note("not ready yet: no memory");
        clock.Advance(TimeSpan.FromMilliseconds(2340));
        steps.End();
        steps.End();

        Assert.Equal("starting storage…\nloading the model…\nnot ready yet: no memory\nloading the model took 2.3 s\n", writer.ToString());
    }
}
