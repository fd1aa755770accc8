using Nanodet.Detection.Description;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Serverless.Detection.Tests.Preprocessing;

public sealed class InputGeometryTests
{
    [Theory]
    [InlineData(640, 480, 416, 416, 0.65, 0.8666666666666667)]
    [InlineData(426, 640, 416, 416, 0.9765258215962441, 0.65)]
    [InlineData(640, 425, 256, 192, 0.4, 0.45176470588235296)]
    public void Create_Stretch_GivesTheOfficialMatrix(int width, int height, int inputWidth, int inputHeight, double scaleX, double scaleY)
    {
        var geometry = InputGeometry.Create(width, height, new ModelInput(inputWidth, inputHeight, KeepRatio: false));

        Assert.Equal(new WarpMatrix(scaleX, 0, scaleY, 0), geometry.Matrix);
        Assert.Equal((inputWidth, inputHeight), (geometry.WarpedWidth, geometry.WarpedHeight));
        Assert.Equal((inputWidth, inputHeight), (geometry.TensorWidth, geometry.TensorHeight));
    }

    // Official values. The cut size has a ratio of its own: hence the offsets of 426x640 and 640x425.
    [Theory]
    [InlineData(640, 480, 320, 320, 240, 320, 256, 0.5, 0, 0)]
    [InlineData(426, 640, 416, 276, 416, 288, 416, 0.647887323943662, 0, 0.676056338028161)]
    [InlineData(612, 612, 320, 320, 320, 320, 320, 0.5228758169934641, 0, 0)]
    [InlineData(640, 425, 416, 416, 276, 416, 288, 0.6494117647058824, 0.1882352941176464, 0)]
    public void Create_KeepRatio_GivesTheOfficialMatrix(
        int width,
        int height,
        int input,
        int warpedWidth,
        int warpedHeight,
        int tensorWidth,
        int tensorHeight,
        double scale,
        double offsetX,
        double offsetY)
    {
        var geometry = InputGeometry.Create(width, height, new ModelInput(input, input, KeepRatio: true));

        Assert.Equal((warpedWidth, warpedHeight), (geometry.WarpedWidth, geometry.WarpedHeight));
        Assert.Equal((tensorWidth, tensorHeight), (geometry.TensorWidth, geometry.TensorHeight));
        Assert.Equal(new WarpMatrix(scale, offsetX, scale, offsetY), geometry.Matrix);
        Assert.Equal(3 * tensorWidth * tensorHeight, geometry.TensorLength);
    }

    [Fact]
    public void Create_StretchWithPadding_FillsTheConfiguredSizeOnly()
    {
        // The official predictor warps to 160x90, then pads to the next multiples of 32.
        var geometry = InputGeometry.Create(640, 480, new ModelInput(160, 90, KeepRatio: false) { TracedHeight = 96 });

        Assert.Equal(new WarpMatrix(0.25, 0, 0.1875, 0), geometry.Matrix);
        Assert.Equal((160, 90), (geometry.WarpedWidth, geometry.WarpedHeight));
        Assert.Equal((160, 96), (geometry.TensorWidth, geometry.TensorHeight));
    }

    [Fact]
    public void Create_TracedShape_PadsToExactlyThatShape()
    {
        var input = new ModelInput(320, 320, KeepRatio: true) { TracedWidth = 320, TracedHeight = 352 };

        var geometry = InputGeometry.Create(640, 480, input);

        Assert.Equal((320, 240), (geometry.WarpedWidth, geometry.WarpedHeight));
        Assert.Equal((320, 352), (geometry.TensorWidth, geometry.TensorHeight));
    }

    [Theory]
    [InlineData(20000, 1)]
    [InlineData(1, 20000)]
    [InlineData(1, 1)]
    public void Create_ExtremeSize_KeepsAtLeastOnePixel(int width, int height)
    {
        var geometry = InputGeometry.Create(width, height, new ModelInput(416, 416, KeepRatio: true));

        Assert.InRange(geometry.WarpedWidth, 1, 416);
        Assert.InRange(geometry.WarpedHeight, 1, 416);
        Assert.Equal(0, geometry.TensorWidth % 32);
        Assert.Equal(0, geometry.TensorHeight % 32);
    }

    [Fact]
    public void ToImage_InvertsTheMatrix()
    {
        var geometry = InputGeometry.Create(426, 640, new ModelInput(416, 416, KeepRatio: true));
        var matrix = geometry.Matrix;

        Assert.Equal(100, matrix.ToImageX((matrix.ScaleX * 100) + matrix.OffsetX), 1e-9);
        Assert.Equal(300, matrix.ToImageY((matrix.ScaleY * 300) + matrix.OffsetY), 1e-9);
    }
}
