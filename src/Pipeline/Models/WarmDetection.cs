using Nanodet.Serverless.Pipeline.Detectors;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>Outcomes, and the detector that they come from: not always the one that was begun with.</summary>
internal sealed record WarmDetection(IReadOnlyList<DetectionOutcome> Outcomes, Detector Detector);
