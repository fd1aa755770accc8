using Nanodet.Detection.Evaluation;

namespace Nanodet.Serverless.Cli.Evaluation;

/// <summary>An image of an evaluation and what was detected in it.</summary>
/// <param name="Image">The image and its objects.</param>
/// <param name="Path">Its file.</param>
/// <param name="Detections">What was detected.</param>
internal sealed record EvaluatedImage(CocoImage Image, string Path, IReadOnlyList<CocoDetection> Detections);
