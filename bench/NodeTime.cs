namespace Nanodet.Serverless.Bench;

/// <summary>What one node of the optimised graph took.</summary>
/// <param name="Name">The node's name in that graph.</param>
/// <param name="Operator">Its operator.</param>
/// <param name="Inputs">The shapes of its inputs.</param>
/// <param name="Outputs">The shapes of its outputs.</param>
/// <param name="MedianMs">Median over the counted runs.</param>
internal sealed record NodeTime(string Name, string Operator, string Inputs, string Outputs, double MedianMs);
