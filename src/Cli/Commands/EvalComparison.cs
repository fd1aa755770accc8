using Nanodet.Detection.Evaluation;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What an evaluation was compared with.</summary>
/// <param name="Name">A model and its version, or a file of detections.</param>
/// <param name="Metrics">Its 12 numbers on the same images.</param>
internal sealed record EvalComparison(string Name, CocoMetrics Metrics);
