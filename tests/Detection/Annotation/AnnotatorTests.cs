using Nanodet.Detection.Annotation;
using Nanodet.Detection.Images;
using Nanodet.Detection.Postprocessing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Annotation;

public sealed class AnnotatorTests
{
    [Theory]
    [InlineData(640, 480, 2)]
    [InlineData(1920, 1280, 6)]
    public void Annotate_OneDetection_DrawsItsBoxInItsColour(int width, int height, int thickness)
    {
        var image = TestImages.Rectangle(width, height, new Rect(0, 0, 0, 0), Bgr.Black);
        var box = new BoundingBox(width / 4f, height / 4f, width / 2f, height / 2f);

        var jpeg = Annotator.Annotate(image, [new DetectedObject(3, "motorcycle", 0.5f, box)], quality: 100);

        using var drawn = ImageDecoder.Decode(jpeg, new ImageLimits());
        Assert.Equal((width, height), (drawn.Width, drawn.Height));
        var expected = ClassPalette.Color(3);
        var edge = drawn.Pixels[width / 4, height / 2];
        Assert.InRange(edge.Blue, expected.Blue - 60, expected.Blue + 60);
        Assert.InRange(edge.Green, expected.Green - 60, expected.Green + 60);
        Assert.InRange(edge.Red, expected.Red - 60, expected.Red + 60);
        Assert.InRange(drawn.Pixels[width / 2, height / 2].Blue, 0, 10);
        Assert.InRange(drawn.Pixels[(width / 4) + (2 * thickness) + 8, height / 2].Blue, 0, 10);
    }

    [Fact]
    public void Annotate_BoxesAtTheEdges_StayInside()
    {
        var image = TestImages.Encoded(".png", 60, 40);
        DetectedObject[] detections =
        [
            new(0, "a name that is much wider than the image", 1f, new BoundingBox(0, 0, 60, 40)),
            new(79, "toothbrush", 0f, new BoundingBox(59, 39, 1, 1)),
            new(5, "bus", 0.3f, new BoundingBox(30, 20, 0, 0)),
        ];

        using var drawn = ImageDecoder.Decode(Annotator.Annotate(image, detections), new ImageLimits());

        Assert.Equal((60, 40), (drawn.Width, drawn.Height));
    }

    /// <summary>On black and on white: the text's two colours differ from each other, whatever is behind.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    public void Annotate_Label_IsLegibleOnAnyBackground(byte background)
    {
        var image = TestImages.Rectangle(640, 480, new Rect(0, 0, 640, 480), new Bgr(background, background, background));
        var jpeg = Annotator.Annotate(image, [new DetectedObject(0, "person & <dog>", 0.5f, new BoundingBox(100, 200, 300, 200))], quality: 100);

        using var drawn = ImageDecoder.Decode(jpeg, new ImageLimits());
        var color = ClassPalette.Color(0);
        var plate = (from y in Enumerable.Range(175, 20) from x in Enumerable.Range(104, 90) select drawn.Pixels[x, y].Green).ToArray();
        var text = ClassPalette.TextOn(color).Green;
        Assert.InRange(plate.Count(value => Math.Abs(value - color.Green) < 30), plate.Length / 3, plate.Length * 9 / 10);
        Assert.InRange(plate.Count(value => Math.Abs(value - text) < 60), plate.Length / 20, plate.Length / 2);
    }

    [Fact]
    public void Draw_MarkupAndOtherLetters_AreDrawnAsTheyAre()
    {
        var plain = TextMask.Draw("a", 14);
        var markup = TextMask.Draw("<b>a</b>", 14);
        var letters = TextMask.Draw("Größe Ж", 14);

        Assert.True(markup.Width > 4 * plain.Width, $"{markup.Width} against {plain.Width}");
        Assert.True(letters.Width > 3 * plain.Width);
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
        Assert.All(colors, color => Assert.True(Math.Max(color.Blue, Math.Max(color.Green, color.Red)) > 200));
    }
}
