using Nanodet.Serverless.Pipeline.Detectors;

namespace Nanodet.Serverless.Pipeline.Batching;

/// <summary>Detects images with a detector: <see cref="Detector.Detect(IReadOnlyList{ReadOnlyMemory{byte}}, CancellationToken)"/>.</summary>
internal delegate IReadOnlyList<DetectionOutcome> DetectorRun(
    Detector detector, IReadOnlyList<ReadOnlyMemory<byte>> images, CancellationToken cancellationToken);
