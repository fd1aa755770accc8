namespace Nanodet.Detection.Calibration;

/// <summary>
/// Chooses which part of an activation's values 256 bytes are spread over: the one with the least squared error. A narrower range has finer
/// steps and clamps more. A step errs by a twelfth of its square; what clamping errs by counts several times.
/// </summary>
internal static class RangeSelector
{
    private const int Steps = 255;

    // Rounding scatters; clamping pushes the strongest values, which an object is made of, all the same way, and other images have stronger
    // ones.
    private const double ClampingWeight = 16;
    private const int Candidates = 100;

    /// <summary>Chooses.</summary>
    /// <param name="histogram">At least one value.</param>
    /// <param name="negativeSlope">What errors of negative values are multiplied by before anything else sees them.</param>
    internal static ActivationRange Choose(ActivationHistogram histogram, float negativeSlope)
    {
        var (least, greatest) = (Math.Min(histogram.Minimum, 0.0), Math.Max(histogram.Maximum, 0.0));
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
                var error = (ClampingWeight * (sums.Above(maximum) + sums.Below(minimum)))
                    + (sums.Weight(minimum, maximum) * step * step / 12);
                if (error < best.Error)
                {
                    best = (error, minimum, maximum);
                }
            }
        }

        return new ActivationRange((float)best.Minimum, (float)best.Maximum);
    }
}
