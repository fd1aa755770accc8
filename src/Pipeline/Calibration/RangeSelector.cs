namespace Nanodet.Serverless.Pipeline.Calibration;

/// <summary>
/// Chooses which part of an activation's values 256 steps are spread over: the one with the least mean squared error. A narrower range has
/// finer steps and clamps more; the error of the steps is that of rounding, a twelfth of a step squared.
/// </summary>
internal static class RangeSelector
{
    private const int Steps = 255;
    private const int Candidates = 100;

    /// <summary>Chooses.</summary>
    /// <param name="histogram">At least one value.</param>
    /// <param name="negativeSlope">What errors of negative values are multiplied by before anything else sees them.</param>
    internal static ActivationRange Choose(ActivationHistogram histogram, float negativeSlope)
    {
        var (least, greatest) = (Math.Min(histogram.Minimum, 0.0), Math.Max(histogram.Maximum, 0.0));
        if (Environment.GetEnvironmentVariable("NDQ_MINMAX") == "1") { return new ActivationRange((float)least, (float)greatest); }
        if (Environment.GetEnvironmentVariable("NDQ_MINMAX") == "2") { negativeSlope = 1; }
        var sums = new ClampingErrors(histogram, (double)negativeSlope * negativeSlope);
        var best = (Error: double.PositiveInfinity, Minimum: least, Maximum: greatest);

        // From the whole range inwards, so that of equal errors the wider range wins.
        for (var low = least < 0 ? Candidates : 1; low >= 1; low--)
        {
            var minimum = least < 0 ? least * low / Candidates : 0;
            for (var high = greatest > 0 ? Candidates : 1; high >= 1; high--)
            {
                var maximum = greatest > 0 ? greatest * high / Candidates : 0;
                var step = (maximum - minimum) / Steps;
                var error = sums.Above(maximum) + sums.Below(minimum) + (sums.Weight(minimum, maximum) * step * step / 12);
                if (error < best.Error)
                {
                    best = (error, minimum, maximum);
                }
            }
        }

        return new ActivationRange((float)best.Minimum, (float)best.Maximum);
    }
}
