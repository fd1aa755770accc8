using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Nanodet.Detection.Postprocessing;

/// <summary>Finds the few classes of a point that pass the threshold, before anything else is computed for it.</summary>
internal static class ScoreScan
{
    /// <summary>The next value that is greater than a threshold; a value that is no number is not.</summary>
    /// <param name="values">A point's class columns.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="threshold">The threshold.</param>
    /// <returns>Its index, or the number of values where there is none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int NextAbove(ReadOnlySpan<float> values, int from, float threshold)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ref var start = ref MemoryMarshal.GetReference(values);
        var i = from;
        if (Vector512.IsHardwareAccelerated)
        {
            var limit = Vector512.Create(threshold);
            for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
            {
                var above = Vector512.GreaterThan(Vector512.LoadUnsafe(ref start, (nuint)i), limit).ExtractMostSignificantBits();
                if (above != 0)
                {
                    return i + BitOperations.TrailingZeroCount(above);
                }
            }
        }

        if (Vector256.IsHardwareAccelerated)
        {
            var limit = Vector256.Create(threshold);
            for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                var above = Vector256.GreaterThan(Vector256.LoadUnsafe(ref start, (nuint)i), limit).ExtractMostSignificantBits();
                if (above != 0)
                {
                    return i + BitOperations.TrailingZeroCount(above);
                }
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            var limit = Vector128.Create(threshold);
            for (; i <= values.Length - Vector128<float>.Count; i += Vector128<float>.Count)
            {
                var above = Vector128.GreaterThan(Vector128.LoadUnsafe(ref start, (nuint)i), limit).ExtractMostSignificantBits();
                if (above != 0)
                {
                    return i + BitOperations.TrailingZeroCount(above);
                }
            }
        }

        return ScalarNextAbove(values, i, threshold);
    }

    /// <summary>The plain twin of <see cref="NextAbove"/>.</summary>
    internal static int ScalarNextAbove(ReadOnlySpan<float> values, int from, float threshold)
    {
        var i = from;
        while (i < values.Length && !(values[i] > threshold))
        {
            i++;
        }

        return i;
    }
}
