namespace Nanodet.Detection.Calibration;

/// <summary>The squared error of clamping a histogram's values, for any bound at the cost of a look-up.</summary>
internal sealed class ClampingErrors
{
    private readonly ActivationHistogram _histogram;

    // Over the bins before an index: weights, weighted values, weighted squares.
    private readonly double[] _weights = new double[ActivationHistogram.BinCount + 1];
    private readonly double[] _values = new double[ActivationHistogram.BinCount + 1];
    private readonly double[] _squares = new double[ActivationHistogram.BinCount + 1];

    /// <summary>Adds up a histogram.</summary>
    /// <param name="histogram">The values.</param>
    /// <param name="negativeWeight">The weight of a negative value's squared error; a positive one's is 1.</param>
    internal ClampingErrors(ActivationHistogram histogram, double negativeWeight)
    {
        _histogram = histogram;
        for (var bin = 0; bin < ActivationHistogram.BinCount; bin++)
        {
            var center = histogram.Center(bin);
            var weight = histogram.Bins[bin] * (center < 0 ? negativeWeight : 1);
            _weights[bin + 1] = _weights[bin] + weight;
            _values[bin + 1] = _values[bin] + (weight * center);
            _squares[bin + 1] = _squares[bin] + (weight * center * center);
        }
    }

    /// <summary>The error of clamping to a greatest value.</summary>
    internal double Above(double maximum) => Squared(Index(maximum), ActivationHistogram.BinCount, maximum);

    /// <summary>The error of clamping to a least value.</summary>
    internal double Below(double minimum) => Squared(0, Index(minimum), minimum);

    /// <summary>The weight of the values between two bounds.</summary>
    internal double Weight(double minimum, double maximum) => _weights[Index(maximum)] - _weights[Index(minimum)];

    /// <summary>The sum of weight * (value - bound)^2 over bins.</summary>
    private double Squared(int first, int end, double bound) => Math.Max(
        0,
        _squares[end] - _squares[first]
        - (2 * bound * (_values[end] - _values[first]))
        + (bound * bound * (_weights[end] - _weights[first])));

    /// <summary>The first bin whose middle is not below a value.</summary>
    private int Index(double value) => (int)Math.Clamp(
        Math.Ceiling(((value / _histogram.Reach) + 1) * ActivationHistogram.BinCount / 2 - 0.5), 0, ActivationHistogram.BinCount);
}
