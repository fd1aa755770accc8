namespace Nanodet.Detection.Benchmarking;

/// <summary>How long one stage of an image takes.</summary>
/// <param name="P50Ms">Median, in milliseconds.</param>
/// <param name="P95Ms">95th percentile, in milliseconds.</param>
public sealed record StageFigures(double P50Ms, double P95Ms)
{
    /// <summary>The figures of some measurements, in milliseconds; 0 where there are none.</summary>
    public static StageFigures Of(IEnumerable<double> milliseconds)
    {
        double[] sorted = [.. milliseconds.Order()];
        return new StageFigures(Percentile(sorted, 0.5), Percentile(sorted, 0.95));
    }

    /// <summary>The value at a share of a sorted list, between two of its values in proportion.</summary>
    internal static double Percentile(ReadOnlySpan<double> sorted, double share)
    {
        if (sorted.IsEmpty)
        {
            return 0;
        }

        var place = share * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
