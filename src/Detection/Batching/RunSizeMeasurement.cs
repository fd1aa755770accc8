using System.Globalization;

namespace Nanodet.Detection.Batching;

/// <summary>What was measured of sizes of runs.</summary>
/// <param name="Best">The one to take.</param>
/// <param name="Rates">All that were tried, in their order.</param>
internal sealed record RunSizeMeasurement(int Best, IReadOnlyList<RunRate> Rates)
{
    /// <inheritdoc/>
    public override string ToString() => "measured: " + string.Join(", ", Rates.Select(rate =>
        string.Create(CultureInfo.InvariantCulture, $"{rate.RunSize} a run {rate.ImagesPerSecond:F1} images/s")));
}
