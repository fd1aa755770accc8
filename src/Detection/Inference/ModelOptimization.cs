namespace Nanodet.Detection.Inference;

/// <summary>How a model got its optimised graph.</summary>
/// <param name="Use">What was done.</param>
/// <param name="Note">Why an entry was refused, or why the graph could not be kept; null for nothing to say.</param>
public sealed record ModelOptimization(OptimizedModelUse Use, string? Note = null)
{
    internal static ModelOptimization Off { get; } = new(OptimizedModelUse.Off);
}
