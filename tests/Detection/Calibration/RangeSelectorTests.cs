using Nanodet.Detection.Calibration;

namespace Nanodet.Serverless.Detection.Tests.Calibration;

public class RangeSelectorTests
{
    [Fact]
    public void Choose_EvenValues_KeepsThemAll()
    {
        var range = Choose(1, [.. Enumerable.Range(-500, 2001).Select(index => index / 1000f)]);
        Assert.Equal(-0.5f, range.Minimum, 1e-6f);
        Assert.Equal(1.5f, range.Maximum, 1e-6f);
    }

    [Fact]
    public void Choose_OneFarValue_ClampsIt()
    {
        float[] values = [.. Enumerable.Range(0, 100_000).Select(index => index / 100_000f), 2];
        Assert.Equal(2f, Choose(1, [0.5f, 2f]).Maximum);
        Assert.InRange(Choose(1, [.. values, .. values, .. values, .. values]).Maximum, 1f, 1.99f);
    }

    [Fact]
    public void Choose_ErrorsOfNegativeValuesThatCountLess_ClampsThemFirst()
    {
        float[] values = [.. Enumerable.Range(0, 20_000).Select(index => (index / 10_000f) - 1)];
        Assert.Equal(-1f, Choose(1, values).Minimum, 1e-6f);
        Assert.InRange(Choose(0.01f, values).Minimum, -0.97f, -0.01f);
        Assert.Equal(Choose(1, values).Maximum, Choose(0.01f, values).Maximum);
    }

    [Theory]
    [InlineData(0f, 0f, 0f)]
    [InlineData(3f, 0f, 3f)]
    [InlineData(-3f, -3f, 0f)]
    public void Choose_OneValue_ReachesFromZero(float value, float minimum, float maximum) =>
        Assert.Equal(new ActivationRange(minimum, maximum), Choose(1, [value, value]));

    private static ActivationRange Choose(float slope, float[] values)
    {
        var histogram = new ActivationHistogram();
        Assert.True(histogram.TryAdd(values));
        return RangeSelector.Choose(histogram, slope);
    }
}
