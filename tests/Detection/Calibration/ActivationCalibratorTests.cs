using Google.Protobuf;
using Nanodet.Detection.Calibration;
using Nanodet.Detection.Images;
using Nanodet.Serverless.TestKit;
using Onnx;

namespace Nanodet.Serverless.Detection.Tests.Calibration;

public class ActivationCalibratorTests
{
    private static readonly Dictionary<string, float> Both = new() { ["data"] = 1, ["output"] = 1 };

    [Fact]
    public void ChooseRanges_Images_CoversTheirPixels()
    {
        using var calibrator = new ActivationCalibrator(new OnnxTestModel().Build(), Both);
        calibrator.Add(TestImages.Rectangle(96, 64, new Rect(10, 10, 40, 40), new Bgr(255, 128, 0)));
        calibrator.Add(TestImages.Encoded(".png"));

        // The model divides by 255: pixels of 0 and of 255 were there.
        var ranges = calibrator.ChooseRanges();
        Assert.Equal(["data", "output"], ranges.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(new ActivationRange(0, 1), ranges["data"]);
        Assert.InRange(ranges["output"].Maximum, 1, 30);
        Assert.Equal(2, calibrator.Images);
    }

    [Fact]
    public void ChannelMeans_TwoImages_IsTheMeanOverBoth()
    {
        using var calibrator = new ActivationCalibrator(WithCopyOfInput(), new Dictionary<string, float> { ["copy"] = 1 }, ["copy", "data"]);
        calibrator.Add(TestImages.Rectangle(96, 64, new Rect(0, 0, 96, 64), new Bgr(255, 51, 0)));
        calibrator.Add(TestImages.Rectangle(96, 64, new Rect(0, 0, 96, 64), new Bgr(0, 51, 102)));
        Assert.Equal(calibrator.ChannelMeans()["copy"], calibrator.ChannelMeans()["data"]);
        Assert.All(calibrator.ChannelMeans()["copy"].Zip([0.5f, 0.2f, 0.2f]), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
        Assert.All(calibrator.ChannelReaches()["copy"].Zip([0.5f, 0.2f, 0.2f]), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
    }

    [Fact]
    public void ChannelMeans_ActivationWithoutRange_HasNeitherRangeNorReach()
    {
        using var calibrator = new ActivationCalibrator(WithCopyOfInput(), Both, ["copy"]);
        calibrator.Add(TestImages.Encoded(".png"));
        Assert.Equal(["copy"], calibrator.ChannelMeans().Keys);
        Assert.Empty(calibrator.ChannelReaches());
        Assert.Equal(["data", "output"], calibrator.ChooseRanges().Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Add_NoImage_IsRefusedAndCountsNothing()
    {
        using var calibrator = new ActivationCalibrator(new OnnxTestModel().Build(), Both);
        Assert.Throws<ImageException>(() => calibrator.Add("not an image"u8.ToArray()));
        Assert.Equal(0, calibrator.Images);
        Assert.Throws<InvalidOperationException>(calibrator.ChooseRanges);
        Assert.Throws<InvalidOperationException>(calibrator.ChannelReaches);
        Assert.Throws<InvalidOperationException>(calibrator.ChannelMeans);
    }

    /// <summary>Also puts out its input, as a map of three channels.</summary>
    private static byte[] WithCopyOfInput()
    {
        var model = new OnnxTestModel().BuildProto();
        model.Graph.Node.Add(new NodeProto { OpType = "Identity", Name = "copy", Input = { "data" }, Output = { "copy" } });
        model.Graph.Output.Add(new ValueInfoProto
        {
            Name = "copy",
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } },
        });
        return model.ToByteArray();
    }
}
