using System.Text.Json;
using Nanodet.Serverless.Cli.Tests.Parity;

namespace Nanodet.Serverless.Cli.Tests.Demo;

/// <summary>
/// The whole way on trained weights: package, checkpoint, export, detection. What comes out is held against what the official
/// predictor finds with the same weights on the same photos.
/// </summary>
public sealed class DemoParityTests(DemoModel model)
{
    [Fact]
    public async Task Detect_DemoPhotos_AgreesWithOfficialPredictor()
    {
        using var folder = new TemporaryFolder();
        using var expected = JsonDocument.Parse(typeof(DemoParityTests).Assembly
            .GetManifestResourceStream("Nanodet.Serverless.Cli.Tests.Demo.demo-detections.json")!);
        var parity = new DetectionParity();
        var report = await Cli.JsonAsync(
            "detect", "--model", model.Onnx, "--input", DemoModel.Photos, "--output", folder.Path, "--score", "0.05", "--provider", "cpu");
        var results = report.GetProperty("images").EnumerateArray()
            .Select(image => image.GetProperty("result"))
            .ToDictionary(result => result.GetProperty("image").GetProperty("name").GetString()!);

        foreach (var photo in expected.RootElement.GetProperty("photos").EnumerateObject())
        {
            var result = results[photo.Name];
            Assert.Equal(photo.Value.GetProperty("size")[0].GetInt32(), result.GetProperty("image").GetProperty("width").GetInt32());
            Assert.Equal(photo.Value.GetProperty("size")[1].GetInt32(), result.GetProperty("image").GetProperty("height").GetInt32());
            var official = photo.Value.GetProperty("detections").EnumerateArray()
                .Select(row => new ExpectedDetection(
                    row[0].GetInt32(), row[1].GetDouble(), row[2].GetDouble(), row[3].GetDouble(), row[4].GetDouble(), row[5].GetDouble()))
                .ToList();
            parity.Compare(photo.Name, official, DetectionParity.Read(result));
        }

        TestContext.Current.TestOutputHelper!.WriteLine(parity.ToString());
        Assert.Equal(10, expected.RootElement.GetProperty("photos").EnumerateObject().Count());
        Assert.Empty(parity.Unmatched);
        Assert.InRange(parity.Compared, 200, 2000);
    }
}
