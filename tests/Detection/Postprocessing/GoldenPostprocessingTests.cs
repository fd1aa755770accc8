using Nanodet.Detection.Description;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Preprocessing;
using Nanodet.Serverless.Detection.Tests.Detectors;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Postprocessing;

public sealed class GoldenPostprocessingTests
{
    // Official raw outputs, before the sigmoid, of both head kinds; the legacy one keeps the ratio.
    [Theory]
    [InlineData("nanodet-plus-m_416")]
    [InlineData("nanodet-m")]
    public void Process_OfficialOutput_GivesTheOfficialDetections(string name)
    {
        var folder = GoldenFolder.Find("real");
        if (folder is null)
        {
            Assert.Skip(GoldenFolder.HowToSet);
        }

        var model = ForeignModelConfig.ReadFile(Path.Combine(folder, $"{name}.yml"), name) with { Activation = ScoreActivation.None };
        var output = NpyArray.Read(Path.Combine(folder, $"{name}_coco.output_423617.npy"));
        var official = GoldenDetections.Read(Path.Combine(folder, $"{name}_coco.detections.json"))["423617.jpg"];
        var geometry = InputGeometry.Create(640, 480, model.Input);

        var detections = new Postprocessor(model, 0.05f, 0.6f, 100).Process(output.Values, geometry);

        Assert.Equal(official.Count, detections.Length);
        foreach (var (one, other) in official.Zip(detections))
        {
            Assert.Equal(one.ClassId, other.ClassId);
            Assert.Equal(one.Score, other.Score, 1e-6f);
            Assert.Equal(one.Box.X, other.Box.X, 2e-3f);
            Assert.Equal(one.Box.Y, other.Box.Y, 2e-3f);
            Assert.Equal(one.Box.Width, other.Box.Width, 2e-3f);
            Assert.Equal(one.Box.Height, other.Box.Height, 2e-3f);
        }
    }
}
