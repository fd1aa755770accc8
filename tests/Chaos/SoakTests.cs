using Nanodet.Serverless.Chaos.Tests.Running;

namespace Nanodet.Serverless.Chaos.Tests;

/// <summary>How a soak judges. The soak itself takes too long for a test.</summary>
public sealed class SoakTests
{
    [Fact]
    public void Judge_LevelAfterTheFirstThird_FindsNothing() => Assert.Empty(SoakRun.Judge(Samples(index => index < 3 ? index : 3)));

    [Fact]
    public void Judge_EverythingGrows_NamesAllOfIt() => Assert.Equal(10, SoakRun.Judge(Samples(index => index)).Count);

    [Fact]
    public void Judge_LateRecordsOfOneRound_NamesTheRound()
    {
        var samples = Samples(_ => 3);
        samples[4] = samples[4] with { Wait = 61 };

        Assert.Contains("up to 4: 61 s", Assert.Single(SoakRun.Judge(samples)), StringComparison.Ordinal);
    }

    private static List<SoakSample> Samples(Func<int, int> level) =>
    [
        .. Enumerable.Range(0, 9).Select(index =>
        {
            var process = new SoakSample.Process((100 + (50L * level(index))) << 20, 100 + (50 * level(index)), 30 + (20 * level(index)), 10 * index * (1 + level(index)));
            return new SoakSample(index, index, 60, process, process, process, 500 * level(index), 500 * level(index));
        }),
    ];
}
