using Microsoft.Extensions.Time.Testing;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class FormContestTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Measure_TwoSpeeds_GivesTheirRatioByMedians()
    {
        var time = new FakeTimeProvider();
        var order = new List<char>();
        var round = 0;

        var measured = FormContest.Measure(
            () => Run('a', ++round == 7 ? 900 : 30), () => Run('b', 20), concurrentRuns: 4, time, Token);

        Assert.Equal((30.0, 20.0, 1.5, 4), (measured.Float32Ms, measured.Int8Ms, measured.Factor, measured.ConcurrentRuns));
        Assert.True(measured.IsWorthIt);

        // Two of each to warm up, then in turn, and each is second as often.
        Assert.StartsWith("abab" + "abbaabba", string.Concat(order), StringComparison.Ordinal);
        Assert.Equal(order.Count(who => who == 'a'), order.Count(who => who == 'b'));

        void Run(char who, int milliseconds)
        {
            order.Add(who);
            time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        }
    }

    [Theory]
    [InlineData(1, 15)]
    [InlineData(100, 8)]
    [InlineData(2000, 3)]
    public void Measure_SlowModels_EndsInTimeWithThreeRoundsAtLeast(int milliseconds, int rounds)
    {
        var time = new FakeTimeProvider();

        var measured = FormContest.Measure(Run, Run, concurrentRuns: 1, time, Token);

        Assert.Equal((rounds, 1.0, false), (measured.Rounds, measured.Factor, measured.IsWorthIt));

        void Run() => time.Advance(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Theory]
    [InlineData(104, 100, false, "int8 is 1.04 times as fast as float32 on P")]
    [InlineData(105, 100, true, "int8 is 1.05 times as fast as float32 on P")]
    [InlineData(90, 100, false, "int8 is slower: 0.90 times as fast as float32 on P")]
    public void IsWorthIt_ByFactor_NeedsMoreThanNoise(double float32, double int8, bool expected, string text)
    {
        var measured = new FormMeasurement(float32, int8, 3, 1, "P");

        Assert.Equal((expected, text), (measured.IsWorthIt, measured.ToString()));
    }

    [Fact]
    public void Measure_Cancelled_Ends() => Assert.Throws<OperationCanceledException>(
        () => FormContest.Measure(() => { }, () => { }, 1, TimeProvider.System, new CancellationToken(canceled: true)));

    [Fact]
    public void Name_OfTheProcessor_IsThere() => Assert.NotEmpty(ProcessorFeatures.Name);
}
