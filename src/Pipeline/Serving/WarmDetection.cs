using Nanodet.Detection.Detectors;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>Outcomes, and the detector that they come from: not always the one that was begun with.</summary>
internal sealed record WarmDetection(IReadOnlyList<DetectionOutcome> Outcomes, Detector Detector);
