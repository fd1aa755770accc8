using System.Numerics;

namespace Nanodet.Detection.Calibration;

/// <summary>
/// How often an activation takes which value. The bins are as many for any number of values: they reach from minus to plus a power of
/// two, and where a value lies outside, neighbours are merged and the reach doubles. So the counts do not depend on the order of values.
/// </summary>
internal sealed class ActivationHistogram
{
    /// <summary>Number of bins.</summary>
    internal const int BinCount = 4096;

    private const int Half = BinCount / 2;

    // Smaller values than these are zero to any range that is worth 8 bits.
    private const float SmallestReach = 1f / (1 << 20);

    private readonly long[] _bins = new long[BinCount];

    /// <summary>The least value.</summary>
    internal float Minimum { get; private set; } = float.PositiveInfinity;

    /// <summary>The greatest value.</summary>
    internal float Maximum { get; private set; } = float.NegativeInfinity;

    /// <summary>Bins reach from minus this to plus this; a power of two.</summary>
    internal float Reach { get; private set; } = SmallestReach;

    /// <summary>The counts, from the least values on.</summary>
    internal ReadOnlySpan<long> Bins => _bins;

    /// <summary>The value in the middle of a bin.</summary>
    internal double Center(int bin) => (bin - Half + 0.5) * Reach / Half;

    /// <summary>Counts values.</summary>
    /// <returns>False where a value is no finite number; then nothing was counted.</returns>
    internal bool TryAdd(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
        {
            return true;
        }

        if (!TryFindExtremes(values, out var minimum, out var maximum))
        {
            return false;
        }

        Minimum = MathF.Min(Minimum, minimum);
        Maximum = MathF.Max(Maximum, maximum);
        while (Reach <= MathF.Max(-minimum, maximum))
        {
            Widen();
        }

        var perValue = Half / Reach;
        var bins = _bins;
        foreach (var value in values)
        {
            // A multiplication by a power of two is exact, and a value below the reach lands below the last bin's end.
            bins[(int)MathF.Floor(value * perValue) + Half]++;
        }

        return true;
    }

    private void Widen()
    {
        for (var i = 0; i < Half / 2; i++)
        {
            var (left, right) = (Half - 1 - (2 * i), Half + (2 * i));
            var (low, high) = (_bins[left] + _bins[left - 1], _bins[right] + _bins[right + 1]);
            _bins[left] = _bins[left - 1] = _bins[right] = _bins[right + 1] = 0;
            _bins[Half - 1 - i] = low;
            _bins[Half + i] = high;
        }

        Reach *= 2;
    }

    private static bool TryFindExtremes(ReadOnlySpan<float> values, out float minimum, out float maximum)
    {
        (minimum, maximum) = (values[0], values[0]);
        var sum = 0f;
        var (least, greatest, sums) = (new Vector<float>(minimum), new Vector<float>(maximum), Vector<float>.Zero);
        var i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var next = new Vector<float>(values[i..]);
            least = Vector.Min(least, next);
            greatest = Vector.Max(greatest, next);

            // Zero times a value is no number just where the value is none or infinite.
            sums += next * Vector<float>.Zero;
        }

        for (; i < values.Length; i++)
        {
            minimum = MathF.Min(minimum, values[i]);
            maximum = MathF.Max(maximum, values[i]);
            sum += values[i] * 0;
        }

        for (var lane = 0; lane < Vector<float>.Count; lane++)
        {
            minimum = MathF.Min(minimum, least[lane]);
            maximum = MathF.Max(maximum, greatest[lane]);
            sum += sums[lane];
        }

        return !float.IsNaN(sum);
    }
}
