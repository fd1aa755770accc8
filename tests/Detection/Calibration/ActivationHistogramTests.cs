using Nanodet.Detection.Calibration;

namespace Nanodet.Serverless.Detection.Tests.Calibration;

public class ActivationHistogramTests
{
    [Fact]
    public void TryAdd_Values_AreCountedWhereTheyLie()
    {
        var histogram = new ActivationHistogram();
        Assert.True(histogram.TryAdd([-0.75f, 0.25f, 0.25f, 1.5f]));
        Assert.Equal(2f, histogram.Reach);
        Assert.Equal((-0.75f, 1.5f), (histogram.Minimum, histogram.Maximum));

        // 4096 bins over -2 to 2: a bin is 1/1024 wide, and 0 is where bin 2048 begins.
        Assert.Equal(1, histogram.Bins[2048 - 768]);
        Assert.Equal(2, histogram.Bins[2048 + 256]);
        Assert.Equal(1, histogram.Bins[2048 + 1536]);
        Assert.Equal(0.25 + (1.0 / 2048), histogram.Center(2048 + 256), 1e-12);
    }

    [Fact]
    public void TryAdd_ValuesInAnyOrder_GiveTheSameCounts()
    {
        var random = new Random(3);
        var values = Enumerable.Range(0, 5000).Select(index => (float)((random.NextDouble() - 0.4) * Math.Pow(2, index % 12))).ToArray();
        var (rising, falling) = (new ActivationHistogram(), new ActivationHistogram());
        Assert.All(values.Order().Chunk(7), chunk => Assert.True(rising.TryAdd(chunk)));
        Assert.All(values.OrderDescending().Chunk(64), chunk => Assert.True(falling.TryAdd(chunk)));
        Assert.Equal(rising.Reach, falling.Reach);
        Assert.Equal(rising.Bins.ToArray(), falling.Bins.ToArray());
        Assert.Equal(values.Length, rising.Bins.ToArray().Sum());
    }

    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.PositiveInfinity, 3)]
    [InlineData(float.NegativeInfinity, 40)]
    public void TryAdd_NoFiniteNumber_CountsNothing(float value, int place)
    {
        var values = new float[41];
        values[place] = value;
        var histogram = new ActivationHistogram();
        Assert.False(histogram.TryAdd(values));
        Assert.Equal(0, histogram.Bins.ToArray().Sum());
    }
}
