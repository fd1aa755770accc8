using System.Globalization;

namespace Nanodet.Detection.Batching;

/// <summary>What was measured of batch sizes.</summary>
/// <param name="Best">The one to take.</param>
/// <param name="Rates">All that were tried, in their order.</param>
internal sealed record BatchMeasurement(int Best, IReadOnlyList<BatchRate> Rates)
{
    /// <inheritdoc/>
    public override string ToString() => "measured: " + string.Join(", ", Rates.Select(rate =>
        string.Create(CultureInfo.InvariantCulture, $"{rate.BatchSize} a run {rate.ImagesPerSecond:F1} images/s")));
}
