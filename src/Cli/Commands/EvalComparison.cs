using Nanodet.Detection.Evaluation;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What an evaluation was compared with.</summary>
/// <param name="Name">A model and its version, or a file of detections.</param>
/// <param name="Metrics">Its 12 numbers on the same images.</param>
/// <param name="ClassesWithoutCategory">Its classes that the data set does not have; they are left out.</param>
/// <param name="CategoriesWithoutClass">Categories for which it has no class: their objects count as missed.</param>
/// <param name="Missing">Images that it did not evaluate, and why.</param>
internal sealed record EvalComparison(
    string Name,
    CocoMetrics Metrics,
    IReadOnlyList<string> ClassesWithoutCategory,
    IReadOnlyList<string> CategoriesWithoutClass,
    IReadOnlyList<string> Missing);
