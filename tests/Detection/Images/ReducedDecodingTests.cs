using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Preprocessing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Images;

public sealed class ReducedDecodingTests
{
    private static readonly ImageLimits Limits = new();

    [Theory]
    // 320 columns would be left of it upright, but only 240 turned.
    [InlineData(nameof(ImageFormat.Jpeg), 640, 480, 320, 240, false, 1)]
    [InlineData(nameof(ImageFormat.Jpeg), 640, 480, 240, 240, false, 2)]
    [InlineData(nameof(ImageFormat.Jpeg), 640, 480, 416, 416, false, 1)]
    [InlineData(nameof(ImageFormat.Jpeg), 639, 480, 320, 240, false, 1)]
    [InlineData(nameof(ImageFormat.Jpeg), 1664, 1664, 416, 416, false, 4)]
    [InlineData(nameof(ImageFormat.Jpeg), 6000, 4000, 416, 416, false, 8)]
    [InlineData(nameof(ImageFormat.Jpeg), 30000, 30000, 416, 416, false, 8)]
    [InlineData(nameof(ImageFormat.Jpeg), 6000, 4000, 320, 320, true, 8)]
    [InlineData(nameof(ImageFormat.Jpeg), 640, 427, 320, 320, true, 2)]
    [InlineData(nameof(ImageFormat.Png), 6000, 4000, 416, 416, false, 1)]
    // 999 and 1000 both leave 500: nothing would tell whether the image was turned.
    [InlineData(nameof(ImageFormat.Jpeg), 999, 1000, 416, 416, false, 1)]
    public void For_Image_IsTheMostThatLeavesTheInput(
        string format, int width, int height, int inputWidth, int inputHeight, bool keepRatio, int expected) =>
        Assert.Equal(expected, Reduction.For(new ImageHeader(Enum.Parse<ImageFormat>(format), width, height), new ModelInput(inputWidth, inputHeight, keepRatio)));

    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(8, 1)]
    [InlineData(2, 3)]
    [InlineData(4, 6)]
    [InlineData(8, 8)]
    public void Decode_Reduced_HasFewerPixelsOfTheSameUprightImage(int reduction, int orientation)
    {
        var jpeg = TestImages.WithExifOrientation(TestImages.Encoded(".jpg", 651, 403), (ushort)orientation);
        using var whole = ImageDecoder.Decode(jpeg, Limits);

        using var reduced = ImageDecoder.Decode(jpeg, ImageHeader.Read(jpeg, Limits), reduction);

        Assert.Equal((whole.Width, whole.Height), (reduced.Width, reduced.Height));
        Assert.Equal((ReducedSize.Of(whole.Width, reduction), ReducedSize.Of(whole.Height, reduction)), (reduced.Pixels.Width, reduced.Pixels.Height));
        Assert.True(reduced.IsReduced);
        Assert.InRange(MeanDifference(whole.Pixels, reduced.Pixels), 0, 3);
    }

    /// <summary>From the mean of the pixels that each reduced one stands for, over all but the edges.</summary>
    private static double MeanDifference(PixelBuffer whole, PixelBuffer reduced)
    {
        var (scaleX, scaleY) = ((double)whole.Width / reduced.Width, (double)whole.Height / reduced.Height);
        var (sum, count) = (0.0, 0);
        for (var y = 1; y < reduced.Height - 1; y++)
        {
            for (var x = 1; x < reduced.Width - 1; x++)
            {
                var (left, right) = ((int)Math.Round(x * scaleX), (int)Math.Round((x + 1) * scaleX));
                var (top, bottom) = ((int)Math.Round(y * scaleY), (int)Math.Round((y + 1) * scaleY));
                var mean = 0.0;
                for (var row = top; row < bottom; row++)
                {
                    for (var column = left; column < right; column++)
                    {
                        mean += whole[column, row].Green;
                    }
                }

                sum += Math.Abs((mean / ((right - left) * (bottom - top))) - reduced[x, y].Green);
                count++;
            }
        }

        return sum / count;
    }

    [Theory]
    [InlineData(2, 640, 480)]
    [InlineData(4, 1280, 1280)]
    [InlineData(8, 2561, 2049)]
    public void Write_ReducedImage_GivesNearlyTheSameTensor(int reduction, int width, int height)
    {
        // A gradient is the same at any size, so that what differs is where it lies: half a pixel would show.
        var model = Preprocessing.PreprocessorTests.Model(new ModelInput(128, 96, KeepRatio: false)) with { Mean = [0, 0, 0], Std = [1, 1, 1] };
        var jpeg = TestImages.Encode(".jpg", TestImages.Gradient(width, height), quality: 100);
        var geometry = InputGeometry.Create(width, height, model.Input);
        var (whole, reduced) = (Tensor(1), Tensor(reduction));

        Assert.InRange(whole.Zip(reduced, (a, b) => Math.Abs(a - b)).Average(), 0, 0.75);
        Assert.InRange(whole.Zip(reduced, (a, b) => a - b).Average(), -0.5, 0.5);
        Assert.InRange(whole.Zip(reduced, (a, b) => Math.Abs(a - b)).Max(), 0, 6);

        float[] Tensor(int by)
        {
            using var image = ImageDecoder.Decode(jpeg, ImageHeader.Read(jpeg, Limits), by);
            var tensor = new float[geometry.TensorLength];
            new Preprocessor(model).Write(image, geometry, tensor);
            return tensor;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public void Detect_FastDecode_GivesBoxesInTheWholeImage(int orientation)
    {
        using var model = NanodetModel.Load(
            new OnnxTestModel { Strides = [8], Width = 64, Height = 64 }.Build(), new ModelOptions { Provider = ExecutionProvider.Cpu });

        // The points lie at multiples of an eighth of a side, the rectangle's edges half way between them.
        var jpeg = TestImages.WithExifOrientation(
            TestImages.Rectangle(640, 512, new Rect(120, 96, 240, 192), new Bgr(255, 0, 0), ".jpg"), (ushort)orientation);

        var whole = new Detector(model).Detect(jpeg, TestContext.Current.CancellationToken);
        var fast = new Detector(model, new DetectorOptions { FastDecode = true }).Detect(jpeg, TestContext.Current.CancellationToken);

        Assert.Equal((whole.Width, whole.Height), (fast.Width, fast.Height));
        Assert.Equal(orientation == 1 ? (640, 512) : (512, 640), (fast.Width, fast.Height));
        Assert.NotEmpty(whole.Detections!);
        Assert.Equal(
            whole.Detections!.Select(detection => (detection.ClassId, detection.Box)).OrderBy(item => (item.Box.X, item.Box.Y)),
            fast.Detections!.Select(detection => (detection.ClassId, detection.Box)).OrderBy(item => (item.Box.X, item.Box.Y)));
    }
}
