using System.Text.Json;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Preprocessing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Cli.Tests.Parity;

/// <summary>
/// Trained models against the official predictor, on photos: exported here, and for the files of the official exporter served as
/// they are. Weights and photos are not part of the repository; where they are not at hand these tests say so.
/// </summary>
public sealed class TrainedModelTests
{
    private const string Photo = "423617.jpg";

    public static TheoryData<string, string> Checkpoints { get; } = new()
    {
        { "nanodet-plus-m_416_coco", "nanodet-plus-m_416" },
        { "nanodet-plus-m_320_coco", "nanodet-plus-m_320" },
        { "nanodet-plus-m-1.5x_416_coco-fp16", "nanodet-plus-m-1.5x_416" },
        { "nanodet-m_coco", "nanodet-m" },
        { "nanodet-g_coco-fp16", "nanodet-g" },
    };

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task ExportAndDetect_TrainedCheckpoint_AgreesWithOfficialPredictor(string weights, string config)
    {
        using var folder = new TemporaryFolder();
        var model = folder.File($"{weights}.onnx");
        var export = await Cli.JsonAsync(
            "export", "--config", Golden($"{config}.yml"), "--checkpoint", Golden($"{weights}.pth"), "--output", model);
        Log($"export {export.GetProperty("exportMs").GetDouble():0} ms, verification {export.GetProperty("verifyMs").GetDouble():0} ms");
        await AssertDetectionsAsync(model, weights, folder);
        AssertRawOutput(model, weights);
    }

    [Fact]
    public async Task Detect_ModelOfOfficialExporter_AgreesWithOfficialPredictor()
    {
        using var folder = new TemporaryFolder();
        var model = folder.File("foreign.onnx");
        File.Copy(Golden("nanodet-plus-m_416_coco.onnx"), model);
        File.Copy(Golden("nanodet-plus-m_416.yml"), folder.File("foreign.yml"));
        await AssertDetectionsAsync(model, "nanodet-plus-m_416_coco", folder);
    }

    /// <summary>In 8 bits the mAP on the photos falls by at most 1.5 points, and no score moves far.</summary>
    [Theory]
    [InlineData("nanodet-plus-m_416_coco", "nanodet-plus-m_416")]
    [InlineData("nanodet-m_coco", "nanodet-m")]
    public async Task Export_TrainedCheckpointInEightBits_KeepsItsPrecision(string weights, string config)
    {
        using var folder = new TemporaryFolder();
        var (full, eight) = (folder.File("full.onnx"), folder.File("eight.onnx"));
        string[] command = ["export", "--config", Golden($"{config}.yml"), "--checkpoint", Golden($"{weights}.pth")];
        await Cli.JsonAsync([.. command, "--output", full]);
        var export = await Cli.JsonAsync([.. command, "--output", eight, "--precision", "int8", "--calibration", Golden("photos")]);
        var calibration = export.GetProperty("calibration");
        var (before, after) = (await MeanPrecisionAsync(full), await MeanPrecisionAsync(eight));
        Log($"{weights}: mAP {before:0.0000} in float32, {after:0.0000} in 8 bits; {calibration}");
        Assert.InRange(after, before - 0.015, 1);
        Assert.InRange(calibration.GetProperty("changed").GetInt32(), 0, calibration.GetProperty("detections").GetInt32() * 2 / 3);
        Assert.InRange(calibration.GetProperty("largestScoreDifference").GetDouble(), 1e-6, 0.2);
    }

    private static async Task<double> MeanPrecisionAsync(string model)
    {
        var report = await Cli.JsonAsync("eval", "--model", model, "--images", Golden("photos"), "--annotations", Golden("photos", "instances.json"), "--provider", "cpu");
        return report.GetProperty("metrics").GetProperty("ap").GetDouble();
    }

    private static async Task AssertDetectionsAsync(string model, string weights, TemporaryFolder folder)
    {
        var report = await Cli.JsonAsync(
            "detect", "--model", model, "--input", Golden("photos"), "--output", folder.File("results"), "--score", "0.05", "--provider", "cpu");
        var results = report.GetProperty("images").EnumerateArray()
            .Select(image => image.GetProperty("result"))
            .ToDictionary(result => result.GetProperty("image").GetProperty("name").GetString()!);
        using var expected = JsonDocument.Parse(await File.ReadAllBytesAsync(Golden($"{weights}.detections.json"), TestContext.Current.CancellationToken));
        var parity = new DetectionParity();
        foreach (var photo in expected.RootElement.GetProperty("photos").EnumerateObject())
        {
            var official = photo.Value.GetProperty("detections").EnumerateArray().Select(detection =>
            {
                var box = detection.GetProperty("box");
                return new ExpectedDetection(
                    detection.GetProperty("class").GetInt32(),
                    detection.GetProperty("score").GetDouble(),
                    box[0].GetDouble(),
                    box[1].GetDouble(),
                    box[2].GetDouble(),
                    box[3].GetDouble());
            }).ToList();
            parity.Compare(photo.Name, official, DetectionParity.Read(results[photo.Name]));
        }

        Log($"{weights}: {parity}");
        Assert.NotEqual(0, parity.Compared);
        Assert.Empty(parity.Unmatched);
    }

    /// <summary>The raw output for one photo, within 1e-3 plus 1e-4 of the value, after the sigmoid on the class columns.</summary>
    private static void AssertRawOutput(string model, string weights)
    {
        var file = Golden($"{weights}.output_423617.npy");
        if (!File.Exists(file))
        {
            Log($"{weights}: no official raw output at hand");
            return;
        }

        var expected = NpyArray.Read(file);
        using var loaded = NanodetModel.Load(model, new ModelOptions { Provider = ExecutionProvider.Cpu });
        using var image = ImageDecoder.Decode(File.ReadAllBytes(Golden("photos", Photo)), new ImageLimits());
        var geometry = InputGeometry.Create(image.Width, image.Height, loaded.Description.Input);
        using var tensor = loaded.Rent(1, geometry.TensorHeight, geometry.TensorWidth);
        new Preprocessor(loaded.Description).Write(image, geometry, tensor.Image(0));
        using var output = loaded.Run(tensor, 1);
        var values = output.Image(0);

        var columns = loaded.Description.Columns;
        Assert.Equal(expected.Values.Length, values.Length);
        var largest = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            var official = i % columns < loaded.Description.ClassNames.Count ? 1 / (1 + Math.Exp(-expected.Values[i])) : expected.Values[i];
            var difference = Math.Abs(values[i] - official);
            largest = Math.Max(largest, difference);
            Assert.True(difference <= 1e-3 + (1e-4 * Math.Abs(official)), $"point {i / columns}, column {i % columns}: {values[i]} instead of {official}");
        }

        Log($"{weights}: raw output, largest difference {largest:0.0e+00}");
    }

    private static string Golden(params string[] names)
    {
        var path = GoldenFolder.Find(["real", .. names]);
        if (path is null)
        {
            Assert.Skip(GoldenFolder.HowToSet);
        }

        return path;
    }

    private static void Log(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);
}
