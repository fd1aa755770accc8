using Nanodet.Serverless.Pipeline.Images;
using Nanodet.Serverless.Pipeline.Models;
using Nanodet.Serverless.Pipeline.Preprocessing;
using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Tests.Preprocessing;

/// <summary>The preprocessing against OpenCV's warp and against its own plain twins: each float has to be the same one.</summary>
public sealed class WarpTwinTests
{
    [Theory]
    [InlineData(640, 480, 416, 416, false)]
    [InlineData(426, 640, 416, 416, true)]
    [InlineData(640, 425, 416, 416, true)]
    [InlineData(1920, 1280, 320, 320, false)]
    [InlineData(3000, 7, 320, 320, true)]
    [InlineData(5, 2777, 320, 320, true)]
    [InlineData(32766, 2, 416, 416, true)]
    [InlineData(2, 32766, 96, 64, false)]
    [InlineData(1, 1, 416, 416, false)]
    [InlineData(1, 1, 33, 17, true)]
    [InlineData(2, 3, 640, 1, false)]
    [InlineData(3, 2, 1, 640, false)]
    [InlineData(415, 417, 416, 416, false)]
    [InlineData(7, 5, 4096, 3, false)]
    public void Write_Size_GivesOpenCvsWarp(int width, int height, int inputWidth, int inputHeight, bool keepRatio) =>
        AssertEqual(width, height, new ModelInput(inputWidth, inputHeight, keepRatio), new Random(width + height));

    [Fact]
    public void Write_RandomSizes_GiveOpenCvsWarp()
    {
        var random = new Random(5);
        for (var round = 0; round < 250; round++)
        {
            var input = new ModelInput(random.Next(1, 130), random.Next(1, 130), random.Next(2) == 0);
            AssertEqual(random.Next(1, 220), random.Next(1, 220), input, random);
        }
    }

    [Fact]
    public void Write_PixelsWithGapsBetweenTheRows_AreReadByTheirStep()
    {
        using var whole = Noise(100, 80, 3);
        using var part = new Mat(whole, new Rect(13, 7, 51, 42));
        using var copy = part.Clone();
        Assert.NotEqual(part.Step(), copy.Step());

        var model = PreprocessorTests.Model(new ModelInput(64, 64, KeepRatio: false));
        Assert.Equal(Tensor(model, copy), Tensor(model, part));
    }

    [Fact]
    public void Blend_AnyLengthAndWeight_EqualsItsTwin()
    {
        var random = new Random(7);
        for (var length = 0; length < 300; length++)
        {
            var (top, bottom) = (Extremes(length, random), Extremes(length, random));
            var fraction = random.Next(33);
            var (expected, actual) = (new ushort[length], new ushort[length]);

            RowBlender.ScalarBlend(top, bottom, 32 - fraction, fraction, expected);
            RowBlender.Blend(top, bottom, 32 - fraction, fraction, actual);

            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [InlineData(ColorOrder.Bgr)]
    [InlineData(ColorOrder.Rgb)]
    public void Sample_AnyLength_EqualsItsTwin(ColorOrder order)
    {
        var random = new Random(9);
        var sampler = new RowSampler(new NormalizationTable(PreprocessorTests.Model(new ModelInput(8, 8, KeepRatio: false), order)));
        for (var columns = 1; columns < 70; columns++)
        {
            var pixels = random.Next(1, 90);
            var sums = new ushort[(3 * (pixels + 2)) + RowSampler.Slack];
            for (var i = 3; i < 3 + (3 * pixels); i++)
            {
                sums[i] = (ushort)(random.Next(4) == 0 ? 255 * 32 : random.Next((255 * 32) + 1));
            }

            var offsets = Enumerable.Range(0, columns).Select(_ => 3 * random.Next(pixels + 1)).ToArray();
            offsets[^1] = 3 * (pixels + 1);
            var weights = Enumerable.Range(0, columns).Select(_ => random.Next(32)).Select(part => (32 - part) | (part << 16)).ToArray();
            weights[^1] = 32;
            var planeLength = columns + random.Next(5);
            var (expected, actual) = (new float[3 * planeLength], new float[3 * planeLength]);

            sampler.ScalarSample(sums, offsets, weights, expected, planeLength);
            sampler.Sample(sums, offsets, weights, actual, planeLength);

            Assert.Equal(expected, actual);
        }
    }

    private static void AssertEqual(int width, int height, ModelInput input, Random random)
    {
        var model = PreprocessorTests.Model(input, random.Next(2) == 0 ? ColorOrder.Bgr : ColorOrder.Rgb);
        using var pixels = Noise(width, height, random.Next());
        var expected = OpenCvPreprocessor.Tensor(model, pixels, InputGeometry.Create(width, height, input));
        var actual = Tensor(model, pixels);

        var first = expected.AsSpan().CommonPrefixLength(actual);
        Assert.True(
            first == expected.Length,
            $"{width}x{height} to {input}: float {first} of {expected.Length} differs");
    }

    private static float[] Tensor(ModelDescription model, Mat pixels)
    {
        var geometry = InputGeometry.Create(pixels.Width, pixels.Height, model.Input);
        var tensor = new float[geometry.TensorLength];
        tensor.AsSpan().Fill(float.NaN);
        new Preprocessor(model).Write(new DecodedImage(pixels, ImageFormat.Png), geometry, tensor);
        return tensor;
    }

    private static Mat Noise(int width, int height, int seed)
    {
        var bytes = Extremes(3 * width * height, new Random(seed));
        using var view = Mat.FromPixelData(height, width, MatType.CV_8UC3, bytes);
        return view.Clone();
    }

    private static byte[] Extremes(int length, Random random)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        for (var i = 0; i < length; i += 3)
        {
            bytes[i] = (byte)(random.Next(2) * 255);
        }

        return bytes;
    }
}
