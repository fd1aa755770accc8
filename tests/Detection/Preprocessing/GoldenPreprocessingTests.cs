using System.Text.Json;
using Nanodet.Detection.Description;
using Nanodet.Detection.Images;
using Nanodet.Detection.Preprocessing;
using Nanodet.Serverless.Detection.Tests.Images;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Preprocessing;

public sealed class GoldenPreprocessingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Write_OfficialCase_GivesTheOfficialWarpAndTensor(int index)
    {
        var folder = GoldenFolder.Find("golden");
        if (folder is null)
        {
            Assert.Skip(GoldenFolder.HowToSet);
        }

        using var cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "preprocess", "preprocess.json")));
        var golden = cases.RootElement[index];
        var size = golden.GetProperty("input_size_wh");
        var input = new ModelInput(size[0].GetInt32(), size[1].GetInt32(), golden.GetProperty("keep_ratio").GetBoolean());
        using var image = ImageDecoder.Decode(Photo(folder, golden.GetProperty("photo").GetString()!), new ImageLimits());
        var geometry = InputGeometry.Create(image.Width, image.Height, input);

        var matrix = golden.GetProperty("warp_matrix");
        Assert.Equal(
            new WarpMatrix(matrix[0][0].GetDouble(), matrix[0][2].GetDouble(), matrix[1][1].GetDouble(), matrix[1][2].GetDouble()),
            geometry.Matrix);

        using var expected = ImageDecoder.Decode(
            File.ReadAllBytes(Path.Combine(folder, "preprocess", golden.GetProperty("warped").GetString()!)), new ImageLimits());
        Assert.Equal((geometry.WarpedWidth, geometry.WarpedHeight), (expected.Width, expected.Height));
        Assert.Equal(expected.Pixels.ToBytes(), WarpedPixels.Warp(image, input));

        var tensor = new float[geometry.TensorLength];
        new Preprocessor(PreprocessorTests.Model(input)).Write(image, geometry, tensor);
        var shape = golden.GetProperty("tensor_shape").EnumerateArray().Select(side => side.GetInt32()).ToArray();
        Assert.Equal([1, 3, geometry.TensorHeight, geometry.TensorWidth], shape);
        Assert.Equal(golden.GetProperty("sum").GetDouble(), tensor.Sum(value => (double)value), tolerance: 0.05);
        if (golden.GetProperty("tensor").GetString() is { } file)
        {
            var official = NpyArray.Read(Path.Combine(folder, "preprocess", file)).Values;
            var largest = official.Zip(tensor, (a, b) => Math.Abs(a - b)).Max();
            TestContext.Current.TestOutputHelper?.WriteLine($"{file}: largest difference {largest:G3}");
            Assert.InRange(largest, 0, 1e-6f);
        }
    }

    /// <summary>The decoded pixels where there are some; otherwise the photo itself, through the same JPEG library.</summary>
    private static byte[] Photo(string folder, string name)
    {
        var png = Path.Combine(folder, "photos", Path.ChangeExtension(name, ".png"));
        return File.ReadAllBytes(File.Exists(png) ? png : Path.Combine(folder, "photos", name));
    }
}
