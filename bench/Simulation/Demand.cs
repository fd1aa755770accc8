namespace Nanodet.Serverless.Bench.Simulation;

/// <summary>What a load asks of one part of one deployment, and what that part gives.</summary>
/// <param name="Part">What is asked.</param>
/// <param name="PerSecond">What the load needs.</param>
/// <param name="Limit">What one deployment has; 0 for no limit of its own.</param>
/// <param name="Unit">Of what.</param>
internal sealed record Demand(string Part, double PerSecond, double Limit, string Unit)
{
    /// <summary>Share of the limit.</summary>
    public double Share => Limit == 0 ? 0 : PerSecond / Limit;
}
