using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Nanodet.Detection.Postprocessing;

/// <summary>
/// The distance of a side, in strides: the mean bin under the softmax of its logits, in float32, with the largest logit subtracted first.
/// </summary>
internal static class BinMean
{
    /// <summary>The mean bin; not a number where a logit is none, or is infinite.</summary>
    /// <param name="logits">One side's logits; 8 of them, what every official model has, take one vector.</param>
    internal static float Of(ReadOnlySpan<float> logits) =>
        Vector256.IsHardwareAccelerated && logits.Length == Vector256<float>.Count ? OfEight(logits) : ScalarOf(logits);

    /// <summary>The plain twin of <see cref="Of"/>; the two differ by the rounding of the exponential and of the sums.</summary>
    internal static float ScalarOf(ReadOnlySpan<float> logits)
    {
        var largest = logits[0];
        foreach (var logit in logits[1..])
        {
            largest = Math.Max(largest, logit);
        }

        var sum = 0f;
        var weighted = 0f;
        for (var bin = 0; bin < logits.Length; bin++)
        {
            var weight = MathF.Exp(logits[bin] - largest);
            sum += weight;
            weighted += bin * weight;
        }

        return weighted / sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float OfEight(ReadOnlySpan<float> logits)
    {
        var values = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(logits));
        var largest = Vector128.Max(values.GetLower(), values.GetUpper());
        largest = Vector128.Max(largest, Vector128.Shuffle(largest, Vector128.Create(2, 3, 0, 1)));
        largest = Vector128.Max(largest, Vector128.Shuffle(largest, Vector128.Create(1, 0, 3, 2)));
        var weights = Vector256.Exp(values - Vector256.Create(largest, largest));
        return Vector256.Sum(weights * Vector256.Create(0f, 1, 2, 3, 4, 5, 6, 7)) / Vector256.Sum(weights);
    }
}
