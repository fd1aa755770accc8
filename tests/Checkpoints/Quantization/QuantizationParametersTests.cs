using Nanodet.Checkpoints.Quantization;

namespace Nanodet.Serverless.Checkpoints.Tests.Quantization;

public class QuantizationParametersTests
{
    [Theory]
    [InlineData(-0.5f, 2.05f, 0.01f, 50)]
    [InlineData(0.2f, 2.55f, 0.01f, 0)]
    [InlineData(-2.55f, -1f, 0.01f, 255)]
    [InlineData(-1f, 1.5f, 2.5f / 255, 102)]
    [InlineData(0f, 0f, 1f, 0)]
    [InlineData(0f, 1e-44f, 1f, 0)]
    public void For_Range_HoldsZeroAndSpreadsTheBytes(float minimum, float maximum, float scale, byte zeroPoint)
    {
        var parameters = QuantizationParameters.For(new ValueRange(minimum, maximum));
        Assert.Equal(scale, parameters.Scale, 1e-8f);
        Assert.Equal(zeroPoint, parameters.ZeroPoint);
    }
}
