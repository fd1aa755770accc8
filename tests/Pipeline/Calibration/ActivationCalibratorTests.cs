using Nanodet.Serverless.Pipeline.Calibration;
using Nanodet.Serverless.Pipeline.Images;
using Nanodet.Serverless.TestKit;
using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Tests.Calibration;

public class ActivationCalibratorTests
{
    private static readonly Dictionary<string, float> Both = new() { ["data"] = 1, ["output"] = 1 };

    [Fact]
    public void ChooseRanges_Images_CoversTheirPixels()
    {
        using var calibrator = new ActivationCalibrator(new OnnxTestModel().Build(), Both);
        calibrator.Add(TestImages.Rectangle(96, 64, new Rect(10, 10, 40, 40), new Scalar(255, 128, 0)));
        calibrator.Add(TestImages.Encoded(".png"));

        // The model divides by 255: pixels of 0 and of 255 were there.
        var ranges = calibrator.ChooseRanges();
        Assert.Equal(["data", "output"], ranges.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(new ActivationRange(0, 1), ranges["data"]);
        Assert.InRange(ranges["output"].Maximum, 1, 30);
        Assert.Equal(2, calibrator.Images);
    }

    [Fact]
    public void Add_NoImage_IsRefusedAndCountsNothing()
    {
        using var calibrator = new ActivationCalibrator(new OnnxTestModel().Build(), Both);
        Assert.Throws<ImageException>(() => calibrator.Add("not an image"u8.ToArray()));
        Assert.Equal(0, calibrator.Images);
        Assert.Throws<InvalidOperationException>(calibrator.ChooseRanges);
        Assert.Throws<InvalidOperationException>(calibrator.ChannelReaches);
    }
}
