using System.Text.Json;
using Nanodet.Checkpoints.Export;

namespace Nanodet.Serverless.Checkpoints.Tests.Golden;

/// <summary>Whole outputs of the official implementation for its own checkpoint files.</summary>
public class GoldenOutputTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("nanodet-m")]
    [InlineData("nanodet-g")]
    [InlineData("nanodet-plus-m_320")]
    [InlineData("nanodet-plus-m_416")]
    [InlineData("nanodet-plus-m-1.5x_416")]
    [InlineData("syn-plus-tiny")]
    [InlineData("syn-plus-tiny-gelu")]
    [InlineData("syn-plus-tiny-hardswish")]
    [InlineData("syn-plus-tiny-prelu")]
    [InlineData("syn-plus-tiny-silu")]
    public void Export_OfficialCheckpoint_ComputesTheOfficialOutput(string name)
    {
        var folder = GoldenFolder.Path("golden", name);
        using var info = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "info.json")));
        var expected = GoldenArray.Read(Path.Combine(folder, "output.npy"));
        var input = GoldenArray.Read(Path.Combine(folder, info.RootElement.GetProperty("input").GetString()!));

        var exported = ModelExporter.Export(
            File.ReadAllBytes(Path.Combine(folder, "model.pth")), File.ReadAllBytes(Path.Combine(folder, "config.yml")), name);
        using var model = new CpuModel(exported.Onnx);
        var (shape, values) = model.Run(input.Values, input.Shape);

        Assert.Equal(expected.Shape, shape);
        var classes = info.RootElement.GetProperty("num_classes").GetInt32();
        var (scores, distances) = GoldenComparison.Assert(expected.Values, values, shape, classes, logits: true);
        output.WriteLine($"{name}: largest difference {scores:E2} of scores, {distances:E2} of distance logits");
    }

    [Theory]
    [InlineData("nanodet-m_coco", "nanodet-m", 320)]
    [InlineData("nanodet-plus-m_416_coco", "nanodet-plus-m_416", 416)]
    public void Export_TrainedWeights_ComputesWhatTheOfficialExportComputes(string file, string config, int size)
    {
        var folder = GoldenFolder.Path("real");
        using var official = new CpuModel(File.ReadAllBytes(Path.Combine(folder, $"{file}.onnx")));
        var input = GoldenArray.Read(GoldenFolder.Path("golden", "inputs", $"random_{size}x{size}.npy"));

        var exported = ModelExporter.Export(
            File.ReadAllBytes(Path.Combine(folder, $"{file}.pth")), File.ReadAllBytes(Path.Combine(folder, $"{config}.yml")), config);
        using var model = new CpuModel(exported.Onnx);
        var (shape, values) = model.Run(input.Values, input.Shape);
        var (expectedShape, expected) = official.Run(input.Values, input.Shape);

        Assert.Equal(expectedShape, shape);
        var (scores, distances) = GoldenComparison.Assert(expected, values, shape, exported.Classes.Count, logits: false);
        output.WriteLine($"{file}: largest difference {scores:E2} of scores, {distances:E2} of distance logits");
    }

    [Theory]
    [InlineData("nanodet-g_coco-fp16", "nanodet-g")]
    [InlineData("nanodet-plus-m_320_coco", "nanodet-plus-m_320")]
    [InlineData("nanodet-plus-m-1.5x_416_coco-fp16", "nanodet-plus-m-1.5x_416")]
    public void Export_OtherTrainedWeights_AreComplete(string file, string config)
    {
        var folder = GoldenFolder.Path("real");

        var exported = ModelExporter.Export(
            File.ReadAllBytes(Path.Combine(folder, $"{file}.pth")), File.ReadAllBytes(Path.Combine(folder, $"{config}.yml")), config);

        Assert.Equal("person", exported.Classes[0]);
        Assert.Equal(80, exported.Classes.Count);
        Assert.Empty(exported.Notes);
    }
}
