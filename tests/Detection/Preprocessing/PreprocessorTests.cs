using Nanodet.Detection.Description;
using Nanodet.Detection.Preprocessing;
using Nanodet.Serverless.Detection.Tests.Images;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Preprocessing;

public sealed class PreprocessorTests
{
    internal static ModelDescription Model(ModelInput input, ColorOrder order = ColorOrder.Bgr) => new()
    {
        Name = "test",
        Head = HeadKind.Plus,
        ClassNames = ["thing"],
        Strides = [8],
        RegMax = 7,
        Input = input,
        Mean = [103.53, 116.28, 123.675],
        Std = [57.375, 57.12, 58.395],
        ColorOrder = order,
    };

    [Theory]
    [InlineData(ColorOrder.Bgr)]
    [InlineData(ColorOrder.Rgb)]
    public void Write_ImageOfTheInputsSize_NormalisesEachPixelIntoItsPlane(ColorOrder order)
    {
        var input = new ModelInput(64, 32, KeepRatio: false);
        var model = Model(input, order);
        using var image = TestImages.Gradient(64, 32).ToImage();
        var geometry = InputGeometry.Create(64, 32, input);
        var tensor = Enumerable.Repeat(float.NaN, geometry.TensorLength).ToArray();

        new Preprocessor(model).Write(image, geometry, tensor);

        for (var i = 0; i < tensor.Length; i++)
        {
            var (plane, y, x) = (i / (64 * 32), i / 64 % 32, i % 64);
            var pixel = image.Pixels[x, y];
            var value = (order == ColorOrder.Bgr ? plane : 2 - plane) switch { 0 => pixel.Blue, 1 => pixel.Green, _ => pixel.Red };
            Assert.Equal((float)((value - model.Mean[plane]) / model.Std[plane]), tensor[i]);
        }
    }

    [Fact]
    public void Write_KeepRatio_PadsWithZeroAfterNormalisation()
    {
        var input = new ModelInput(64, 64, KeepRatio: true);
        using var image = TestImages.Gradient(100, 60).ToImage();
        var geometry = InputGeometry.Create(100, 60, input);
        Assert.Equal((64, 38, 64, 64), (geometry.WarpedWidth, geometry.WarpedHeight, geometry.TensorWidth, geometry.TensorHeight));
        var tensor = Enumerable.Repeat(float.NaN, geometry.TensorLength).ToArray();

        new Preprocessor(Model(input)).Write(image, geometry, tensor);

        for (var plane = 0; plane < 3; plane++)
        {
            Assert.All(tensor.Skip((plane * 64 * 64) + (38 * 64)).Take(26 * 64), value => Assert.Equal(0f, value));
            Assert.All(tensor.Skip(plane * 64 * 64).Take(38 * 64), value => Assert.True(float.IsFinite(value) && value != 0));
        }
    }

    [Fact]
    public void Write_StretchWithPadding_GivesTheStretchedImageAndZerosBehindIt()
    {
        var input = new ModelInput(50, 40, KeepRatio: false);
        var padded = input with { TracedWidth = 64, TracedHeight = 64 };
        using var image = TestImages.Gradient(100, 60).ToImage();
        var stretched = new float[3 * 50 * 40];
        var tensor = Enumerable.Repeat(float.NaN, 3 * 64 * 64).ToArray();

        new Preprocessor(Model(input)).Write(image, InputGeometry.Create(100, 60, input), stretched);
        new Preprocessor(Model(padded)).Write(image, InputGeometry.Create(100, 60, padded), tensor);

        for (var i = 0; i < tensor.Length; i++)
        {
            var (plane, y, x) = (i / (64 * 64), i / 64 % 64, i % 64);
            Assert.Equal(y < 40 && x < 50 ? stretched[(plane * 50 * 40) + (y * 50) + x] : 0f, tensor[i]);
        }
    }

    [Theory]
    [InlineData(160, 120, 96, 64, false)]
    [InlineData(50, 40, 96, 64, false)]
    [InlineData(150, 97, 64, 64, true)]
    public void Warp_Gradient_AgreesWithBilinearSamplingInDoublePrecision(int width, int height, int inputWidth, int inputHeight, bool keepRatio)
    {
        var source = TestImages.Gradient(width, height);
        var input = new ModelInput(inputWidth, inputHeight, keepRatio);
        var geometry = InputGeometry.Create(width, height, input);
        using var image = source.ToImage();
        var warped = WarpedPixels.Warp(image, input);

        for (var y = 0; y < geometry.WarpedHeight; y++)
        {
            for (var x = 0; x < geometry.WarpedWidth; x++)
            {
                var expected = Sample(source, geometry.Matrix.ToImageX(x), geometry.Matrix.ToImageY(y));
                Assert.Equal(expected, warped[(3 * ((y * geometry.WarpedWidth) + x)) + 2], tolerance: 2.0);
            }
        }
    }

    /// <summary>The red channel between four pixels; black outside. OpenCV rounds the position to 1/32 of a pixel.</summary>
    private static double Sample(TestPicture source, double x, double y)
    {
        x = Math.Round(x * 32) / 32;
        y = Math.Round(y * 32) / 32;
        var (left, top) = ((int)Math.Floor(x), (int)Math.Floor(y));
        double At(int column, int row) =>
            column >= 0 && row >= 0 && column < source.Width && row < source.Height ? source[column, row].Red : 0;
        var (fx, fy) = (x - left, y - top);
        return ((1 - fy) * (((1 - fx) * At(left, top)) + (fx * At(left + 1, top))))
            + (fy * (((1 - fx) * At(left, top + 1)) + (fx * At(left + 1, top + 1))));
    }
}
