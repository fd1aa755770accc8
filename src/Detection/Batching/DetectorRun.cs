using Nanodet.Detection.Detectors;

namespace Nanodet.Detection.Batching;

/// <summary>Detects images with a detector: <see cref="Detector.Detect(IReadOnlyList{ReadOnlyMemory{byte}}, CancellationToken)"/>.</summary>
internal delegate IReadOnlyList<DetectionOutcome> DetectorRun(
    Detector detector, IReadOnlyList<ReadOnlyMemory<byte>> images, CancellationToken cancellationToken);
