using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Cli.Costs;

/// <summary>What one unit costs.</summary>
/// <param name="Amount">In the currency of its list; 0 or more.</param>
/// <param name="Unit">Of what.</param>
/// <param name="Source">Where the price was read; null for an assumption that somebody has to replace.</param>
internal sealed record Price([property: JsonPropertyName("price")] double Amount, string Unit, string? Source);
