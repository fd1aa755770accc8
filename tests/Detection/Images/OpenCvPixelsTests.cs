using System.IO.Compression;
using System.Text.Json;
using Nanodet.Detection.Images;

namespace Nanodet.Serverless.Detection.Tests.Images;

/// <summary>Every kind of image against the pixels that OpenCV's <c>imread</c> made of it; see the README beside them.</summary>
public sealed class OpenCvPixelsTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "opencv");
    private static readonly JsonElement Expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "expected.json"))).RootElement;

    public static TheoryData<string> Images => [.. Expected.GetProperty("images").EnumerateObject().Select(image => image.Name)];

    public static TheoryData<string> Jpegs => [.. Images.Select(row => row.Data).Where(name => name.EndsWith(".jpg", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Images))]
    public void Decode_Image_GivesOpenCvsPixels(string name)
    {
        using var image = ImageDecoder.Decode(File.ReadAllBytes(Path.Combine(Folder, name)), new ImageLimits());

        AssertPixels(name, image.Width, image.Height, image.Pixels);
    }

    [Theory]
    [MemberData(nameof(Jpegs))]
    public void Decode_JpegByTheBundledLibrary_GivesOpenCvsPixels(string name)
    {
        var encoded = File.ReadAllBytes(Path.Combine(Folder, name));
        using var stored = JpegDecoder.Decode(null, encoded, ImageHeader.Read(encoded, new ImageLimits()), 1, out var orientation);
        using var upright = orientation.Apply(stored);

        AssertPixels(name, upright.Width, upright.Height, upright);
    }

    [Fact]
    public void Images_OfEveryFormat_AreThere()
    {
        var names = Images.Select(row => row.Data).ToArray();
        Assert.All(
            Enum.GetValues<ImageFormat>(),
            format => Assert.True(names.Count(name => name.StartsWith(format.ToString(), StringComparison.OrdinalIgnoreCase)) >= 7, $"{format}"));
    }

    private static void AssertPixels(string name, int width, int height, PixelBuffer pixels)
    {
        var expected = Expected.GetProperty("images").GetProperty(name);
        Assert.Equal((expected.GetProperty("width").GetInt32(), expected.GetProperty("height").GetInt32()), (width, height));
        using var compressed = new MemoryStream(
            Expected.GetProperty("pixels").GetProperty(expected.GetProperty("pixels").GetString()!).GetBytesFromBase64());
        using var zlib = new ZLibStream(compressed, CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        zlib.CopyTo(bytes);
        Assert.Equal(bytes.ToArray(), pixels.ToBytes());
    }
}
