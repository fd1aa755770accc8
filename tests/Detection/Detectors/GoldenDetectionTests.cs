using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Postprocessing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Detectors;

public sealed class GoldenDetectionTests
{
    // The legacy graph is traced at 320x320: only a square photo fills that shape as in the official run.
    [Theory]
    [InlineData("nanodet-plus-m_416", new[] { "9483", "165518", "184324", "214753", "377575", "423617" })]
    [InlineData("nanodet-m", new[] { "165518" })]
    public void Detect_OfficialModelAndPhotos_FindsWhatTheOfficialPredictorFound(string name, string[] photos)
    {
        var folder = GoldenFolder.Find("real");
        if (folder is null)
        {
            Assert.Skip(GoldenFolder.HowToSet);
        }

        using var model = NanodetModel.Load(
            Path.Combine(folder, $"{name}_coco.onnx"),
            new ModelOptions { ConfigPath = Path.Combine(folder, $"{name}.yml"), Provider = ExecutionProvider.Cpu });
        Assert.True(ParityFixture.Verify(model).Passed);
        var detector = new Detector(model, new DetectorOptions { ScoreThreshold = 0.05f });
        var official = GoldenDetections.Read(Path.Combine(folder, $"{name}_coco.detections.json"));
        var images = photos.Select(photo => (ReadOnlyMemory<byte>)File.ReadAllBytes(Path.Combine(folder, "photos", $"{photo}.jpg"))).ToArray();

        var outcomes = detector.Detect(images, TestContext.Current.CancellationToken);

        foreach (var (photo, outcome) in photos.Zip(outcomes))
        {
            Assert.True(outcome.Succeeded);
            Compare(photo, official[$"{photo}.jpg"], outcome.Detections);
            Compare(photo, outcome.Detections, official[$"{photo}.jpg"]);
        }
    }

    private static void Compare(string photo, IReadOnlyList<DetectedObject> ones, IReadOnlyList<DetectedObject> others)
    {
        var (count, worstOverlap, worstScore) = (0, 1f, 0f);
        foreach (var one in ones.Where(detection => detection.Score >= 0.10f))
        {
            var other = GoldenDetections.Counterpart(one, others);
            Assert.True(other is not null, $"{photo}: nothing like {one}");
            var overlap = GoldenDetections.Overlap(one.Box, other.Value.Box);
            Assert.True(overlap >= 0.99f, $"{photo}: {one} and {other} overlap by {overlap}");
            (count, worstOverlap) = (count + 1, Math.Min(worstOverlap, overlap));
            worstScore = Math.Max(worstScore, Math.Abs(one.Score - other.Value.Score));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{photo}: {count} detections, IoU >= {worstOverlap}, scores within {worstScore:G3}");
    }
}
