namespace Nanodet.Serverless.Cli.Costs;

/// <summary>One row of a bill.</summary>
/// <param name="Item">What for.</param>
/// <param name="Quantity">Units a day.</param>
/// <param name="Unit">Of what.</param>
/// <param name="PerDay">Cost of a day.</param>
/// <param name="IsAssumption">A price in it has no source.</param>
internal sealed record CostLine(string Item, double Quantity, string Unit, double PerDay, bool IsAssumption);
