using System.Runtime.InteropServices;
using Google.Protobuf;
using Nanodet.Checkpoints.Quantization;
using Onnx;

namespace Nanodet.Serverless.Checkpoints.Tests.Quantization;

public class QuantizedWeightTests
{
    [Fact]
    public void From_TwoChannels_HasAScaleForEach()
    {
        var weight = QuantizedWeight.From(Tensor([1.27f, -0.504f, 0.254f, 0.1f], 2, 2, 1, 1), Tensor([0.5f, -0.03f], 2), inputScale: 0.1f);
        Assert.Equal(0.01f, weight.Scales[0], 1e-8f);
        Assert.Equal(0.002f, weight.Scales[1], 1e-8f);
        Assert.Equal([127, -50, 127, 50], weight.Values);
        Assert.Equal([2, 2, 1, 1], weight.Shape);
    }

    [Fact]
    public void Bias_TwoChannels_IsInStepsOfInputTimesWeight()
    {
        var bias = Tensor([0.5f, -0.03f], 2);
        var (values, scales) = QuantizedWeight.From(Tensor([1.27f, -0.5f, 0.254f, 0.1f], 2, 2, 1, 1), bias, 0.1f).Bias(bias, [0, 0], 0.1f);
        Assert.Equal([500, -150], values);
        Assert.Equal(0.001f, scales[0], 1e-9f);
        Assert.Equal(0.0002f, scales[1], 1e-9f);
    }

    [Fact]
    public void Bias_Shift_IsTakenAway()
    {
        var bias = Tensor([0.5f], 1);
        var (values, scales) = QuantizedWeight.From(Tensor([1.27f], 1, 1, 1, 1), bias, 0.1f).Bias(bias, [0.125], 0.1f);
        Assert.Equal(0.375, values[0] * (double)scales[0], 1e-6);
    }

    [Fact]
    public void MeanShift_TwoGroups_IsEachErrorTimesTheMeanThatItMeets()
    {
        // Scales are 0.01: the second weight of each channel is off by 0.004 and -0.003, the first by nothing.
        var weight = Tensor([1.27f, 0.506f, 1.27f, 0.503f], 2, 2, 1, 1);
        var shift = QuantizedWeight.From(weight, null, inputScale: 1).MeanShift(weight, [7, 2, 7, -10]);
        Assert.Equal(0.004 * 2, shift[0], 1e-6);
        Assert.Equal(-0.003 * -10, shift[1], 1e-6);
    }

    [Fact]
    public void MeanShift_Window_AddsUpItsTaps()
    {
        var weight = Tensor([1.27f, 0.506f, 0.256f], 1, 1, 1, 3);
        Assert.Equal(0.008 * 5, QuantizedWeight.From(weight, null, inputScale: 1).MeanShift(weight, [5])[0], 1e-6);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-12f)]
    public void From_ChannelThatIsNextToNothing_LeavesRoomForItsBias(float value)
    {
        var bias = Tensor([-3f], 1);
        var weight = QuantizedWeight.From(Tensor([value], 1, 1, 1, 1), bias, inputScale: 0.02f);
        var (values, scales) = weight.Bias(bias, [0], 0.02f);
        Assert.InRange(Math.Abs((long)values[0]), 1, 1L << 30);
        Assert.Equal(-3f, values[0] * scales[0], 1e-5f);
    }

    private static TensorProto Tensor(float[] values, params long[] shape)
    {
        var tensor = new TensorProto
        {
            Name = "w",
            DataType = (int)TensorProto.Types.DataType.Float,
            RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values)),
        };
        tensor.Dims.AddRange(shape);
        return tensor;
    }
}
