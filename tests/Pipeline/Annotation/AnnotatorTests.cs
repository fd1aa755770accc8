using Nanodet.Serverless.Pipeline.Annotation;
using Nanodet.Serverless.Pipeline.Images;
using Nanodet.Serverless.Pipeline.Postprocessing;
using Nanodet.Serverless.TestKit;
using OpenCvSharp;

namespace Nanodet.Serverless.Pipeline.Tests.Annotation;

public sealed class AnnotatorTests
{
    [Theory]
    [InlineData(640, 480, 2)]
    [InlineData(1920, 1280, 6)]
    public void Annotate_OneDetection_DrawsItsBoxInItsColour(int width, int height, int thickness)
    {
        var image = TestImages.Rectangle(width, height, new Rect(0, 0, 0, 0), Scalar.Black);
        var box = new BoundingBox(width / 4f, height / 4f, width / 2f, height / 2f);

        var jpeg = Annotator.Annotate(image, [new Detection(3, "motorcycle", 0.5f, box)], quality: 100);

        using var drawn = ImageDecoder.Decode(jpeg, new ImageLimits());
        Assert.Equal((width, height), (drawn.Width, drawn.Height));
        var expected = ClassPalette.Color(3);
        var edge = drawn.Pixels.At<Vec3b>(height / 2, width / 4);
        Assert.Equal(expected.Val0, edge.Item0, tolerance: 60);
        Assert.Equal(expected.Val1, edge.Item1, tolerance: 60);
        Assert.Equal(expected.Val2, edge.Item2, tolerance: 60);
        Assert.InRange(drawn.Pixels.At<Vec3b>(height / 2, width / 2).Item0, 0, 10);
        Assert.InRange(drawn.Pixels.At<Vec3b>(height / 2, (width / 4) + (2 * thickness) + 8).Item0, 0, 10);
    }

    [Fact]
    public void Annotate_BoxesAtTheEdges_StayInside()
    {
        var image = TestImages.Encoded(".png", 60, 40);
        Detection[] detections =
        [
            new(0, "a name that is much wider than the image", 1f, new BoundingBox(0, 0, 60, 40)),
            new(79, "toothbrush", 0f, new BoundingBox(59, 39, 1, 1)),
            new(5, "bus", 0.3f, new BoundingBox(30, 20, 0, 0)),
        ];

        using var drawn = ImageDecoder.Decode(Annotator.Annotate(image, detections), new ImageLimits());

        Assert.Equal((60, 40), (drawn.Width, drawn.Height));
    }

    [Fact]
    public void Annotate_Text_IsRefused() => Assert.Equal(
        ImageErrorCodes.NotAnImage,
        Assert.Throws<ImageException>(() => Annotator.Annotate("hello"u8, [])).Code);

    [Fact]
    public void Color_Classes_AreBrightAndDiffer()
    {
        var colors = Enumerable.Range(0, 80).Select(ClassPalette.Color).ToArray();

        Assert.Equal(80, colors.Distinct().Count());
        Assert.All(colors, color => Assert.True(Math.Max(color.Val0, Math.Max(color.Val1, color.Val2)) > 200));
    }
}
