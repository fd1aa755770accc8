using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Nanodet.Detection.Preprocessing;

/// <summary>The vertical half of a bilinear warp: two rows of bytes become one of 13-bit sums, in parts of 32.</summary>
internal static class RowBlender
{
    /// <summary><c>top * topWeight + bottom * bottomWeight</c> for each byte, in vectors as wide as the machine has them.</summary>
    /// <param name="top">The upper row.</param>
    /// <param name="bottom">The lower row, as long.</param>
    /// <param name="topWeight">0 to 32.</param>
    /// <param name="bottomWeight">0 to 32; both together at most 32.</param>
    /// <param name="destination">As long as the rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Blend(
        ReadOnlySpan<byte> top, ReadOnlySpan<byte> bottom, int topWeight, int bottomWeight, Span<ushort> destination)
    {
        var length = top.Length;
        ArgumentOutOfRangeException.ThrowIfNotEqual(bottom.Length, length);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, length);
        ref var upper = ref MemoryMarshal.GetReference(top);
        ref var lower = ref MemoryMarshal.GetReference(bottom);
        ref var sums = ref MemoryMarshal.GetReference(destination);
        var i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            var (a, b) = (Vector512.Create((ushort)topWeight), Vector512.Create((ushort)bottomWeight));
            for (; i <= length - Vector512<byte>.Count; i += Vector512<byte>.Count)
            {
                var (first, second) = Vector512.Widen(Vector512.LoadUnsafe(ref upper, (nuint)i));
                var (third, fourth) = Vector512.Widen(Vector512.LoadUnsafe(ref lower, (nuint)i));
                ((first * a) + (third * b)).StoreUnsafe(ref sums, (nuint)i);
                ((second * a) + (fourth * b)).StoreUnsafe(ref sums, (nuint)(i + Vector512<ushort>.Count));
            }
        }

        if (Vector256.IsHardwareAccelerated)
        {
            var (a, b) = (Vector256.Create((ushort)topWeight), Vector256.Create((ushort)bottomWeight));
            for (; i <= length - Vector256<byte>.Count; i += Vector256<byte>.Count)
            {
                var (first, second) = Vector256.Widen(Vector256.LoadUnsafe(ref upper, (nuint)i));
                var (third, fourth) = Vector256.Widen(Vector256.LoadUnsafe(ref lower, (nuint)i));
                ((first * a) + (third * b)).StoreUnsafe(ref sums, (nuint)i);
                ((second * a) + (fourth * b)).StoreUnsafe(ref sums, (nuint)(i + Vector256<ushort>.Count));
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            var (a, b) = (Vector128.Create((ushort)topWeight), Vector128.Create((ushort)bottomWeight));
            for (; i <= length - Vector128<byte>.Count; i += Vector128<byte>.Count)
            {
                var (first, second) = Vector128.Widen(Vector128.LoadUnsafe(ref upper, (nuint)i));
                var (third, fourth) = Vector128.Widen(Vector128.LoadUnsafe(ref lower, (nuint)i));
                ((first * a) + (third * b)).StoreUnsafe(ref sums, (nuint)i);
                ((second * a) + (fourth * b)).StoreUnsafe(ref sums, (nuint)(i + Vector128<ushort>.Count));
            }
        }

        ScalarBlend(top[i..], bottom[i..], topWeight, bottomWeight, destination[i..]);
    }

    /// <summary>The plain twin of <see cref="Blend"/>.</summary>
    internal static void ScalarBlend(
        ReadOnlySpan<byte> top, ReadOnlySpan<byte> bottom, int topWeight, int bottomWeight, Span<ushort> destination)
    {
        for (var i = 0; i < top.Length; i++)
        {
            destination[i] = (ushort)((top[i] * topWeight) + (bottom[i] * bottomWeight));
        }
    }
}
