using Nanodet.Detection.Detectors;
using Nanodet.Detection.Postprocessing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>What the models of a run detect in a content: asked of each alone, in this process, one image at a time.</summary>
internal sealed class Answers : IDisposable
{
    private readonly Detector[] _detectors = [Detector.Load(TestModel.Good), Detector.Load(TestModel.Other)];

    /// <summary>The detections of each model, by its SHA-256.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<DetectedObject>> Of(byte[] image) => _detectors.ToDictionary(
        detector => detector.Model.Sha256,
        detector => detector.Detect(image).Detections
            ?? throw new InvalidOperationException("Expected that an image of these tests can be detected."));

    public void Dispose() => Array.ForEach(_detectors, detector => detector.Dispose());
}
