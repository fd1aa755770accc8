using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Nanodet.Detection.Preprocessing;

/// <summary>
/// The horizontal half of a bilinear warp, together with normalisation and the turn from interleaved pixels to planes: a row of vertical
/// sums (see <see cref="RowBlender"/>) becomes one row in each plane of the tensor.
/// </summary>
internal sealed class RowSampler(NormalizationTable table)
{
    /// <summary>Values behind the last pixel that a vector may read along with it.</summary>
    internal const int Slack = 8;

    private const int Half = 512;
    private const int Shift = 10;

    /// <summary>Writes a row, in vectors where the machine can gather.</summary>
    /// <param name="sums">
    /// Blue, green, red of a black pixel, of the image's row, of another black pixel, then <see cref="Slack"/> values.
    /// </param>
    /// <param name="offsets">For each column of the tensor the place in <paramref name="sums"/> of its first pixel.</param>
    /// <param name="weights">For each column the weight of its first pixel in the lower half, of its second one in the upper.</param>
    /// <param name="destination">The tensor from this row of its first plane on.</param>
    /// <param name="planeLength">Floats from one plane to the next.</param>
    internal void Sample(
        ReadOnlySpan<ushort> sums, ReadOnlySpan<int> offsets, ReadOnlySpan<int> weights, Span<float> destination, int planeLength)
    {
        var done = Avx2.IsSupported ? SampleInVectors(sums, offsets, weights, destination, planeLength) : 0;
        ScalarSample(sums, offsets, weights, destination, planeLength, done);
    }

    /// <summary>The plain twin of <see cref="Sample"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void ScalarSample(
        ReadOnlySpan<ushort> sums,
        ReadOnlySpan<int> offsets,
        ReadOnlySpan<int> weights,
        Span<float> destination,
        int planeLength,
        int from = 0)
    {
        for (var plane = 0; plane < 3; plane++)
        {
            var values = table.Plane(plane);
            var channel = table.SourceChannel(plane);
            var row = destination.Slice(plane * planeLength, offsets.Length);
            for (var x = from; x < offsets.Length; x++)
            {
                var source = offsets[x] + channel;
                var (first, second) = (weights[x] & ushort.MaxValue, weights[x] >>> 16);
                row[x] = values[((sums[source] * first) + (sums[source + 3] * second) + Half) >> Shift];
            }
        }
    }

    /// <summary>Writes whole vectors of columns, and says how many columns that were.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe int SampleInVectors(
        ReadOnlySpan<ushort> sums, ReadOnlySpan<int> offsets, ReadOnlySpan<int> weights, Span<float> destination, int planeLength)
    {
        // One load has both pixels of a column; their blues are brought together, their greens, and their reds.
        var neighbours = Vector128.Create((byte)0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, 12, 13, 14, 15);
        var order = Vector256.Create(neighbours, neighbours);
        var (ofBlue, ofRed) = (table.PlaneOf(0), table.PlaneOf(2));
        var done = 0;
        fixed (ushort* row = sums)
        fixed (int* offset = offsets)
        fixed (float* values = table.All)
        {
            var toBlue = new Normalizer(table, ofBlue, values);
            var toGreen = new Normalizer(table, 1, values);
            var toRed = new Normalizer(table, ofRed, values);
            ref var blue = ref MemoryMarshal.GetReference(destination.Slice(ofBlue * planeLength, offsets.Length));
            ref var green = ref MemoryMarshal.GetReference(destination.Slice(planeLength, offsets.Length));
            ref var red = ref MemoryMarshal.GetReference(destination.Slice(ofRed * planeLength, offsets.Length));
            ref var weight = ref MemoryMarshal.GetReference(weights);
            for (; done <= offsets.Length - Vector256<int>.Count; done += Vector256<int>.Count)
            {
                // The second half of each vector is four columns on, so that the eight are in order at the end.
                var place = offset + done;
                var parts = Vector256.LoadUnsafe(ref weight, (nuint)done);
                var first = Blend(row + place[0], row + place[4], order, Avx2.Shuffle(parts, 0b00000000));
                var second = Blend(row + place[1], row + place[5], order, Avx2.Shuffle(parts, 0b01010101));
                var third = Blend(row + place[2], row + place[6], order, Avx2.Shuffle(parts, 0b10101010));
                var fourth = Blend(row + place[3], row + place[7], order, Avx2.Shuffle(parts, 0b11111111));
                var low = Avx2.UnpackLow(first, second).AsInt64();
                var lowToo = Avx2.UnpackLow(third, fourth).AsInt64();
                var high = Avx2.UnpackHigh(first, second).AsInt64();
                var highToo = Avx2.UnpackHigh(third, fourth).AsInt64();
                toBlue.Of(Avx2.UnpackLow(low, lowToo).AsInt32()).StoreUnsafe(ref blue, (nuint)done);
                toGreen.Of(Avx2.UnpackHigh(low, lowToo).AsInt32()).StoreUnsafe(ref green, (nuint)done);
                toRed.Of(Avx2.UnpackLow(high, highToo).AsInt32()).StoreUnsafe(ref red, (nuint)done);
            }
        }

        return done;
    }

    /// <summary>Blue, green and red of two columns, one in each half, in parts of 1024.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe Vector256<int> Blend(ushort* first, ushort* second, Vector256<byte> order, Vector256<int> parts)
    {
        var pixels = Vector256.Create(Vector128.Load(first), Vector128.Load(second)).AsByte();
        return Avx2.MultiplyAddAdjacent(Avx2.Shuffle(pixels, order).AsInt16(), parts.AsInt16());
    }

    /// <summary>What makes the floats of a plane.</summary>
    [method: MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly unsafe struct Normalizer(NormalizationTable table, int plane, float* values)
    {
        private readonly bool _isAffine = Fma.IsSupported && table.IsAffine;
        private readonly float* _values = values + (plane * NormalizationTable.Values);
        private readonly Vector256<float> _mean = Vector256.Create(table.Affine(plane).Mean);
        private readonly Vector256<float> _scale = Vector256.Create(table.Affine(plane).Scale);
        private readonly Vector256<float> _scaleRest = Vector256.Create(table.Affine(plane).ScaleRest);
        private readonly Vector256<float> _rest = Vector256.Create(table.Affine(plane).Rest);

        /// <summary>Rounds values that are in parts of 1024, and normalises them.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector256<float> Of(Vector256<int> parts)
        {
            var values = (parts + Vector256.Create(Half)) >> Shift;
            if (!_isAffine)
            {
                return Avx2.GatherVector256(_values, values, sizeof(float));
            }

            var distance = Avx.ConvertToVector256Single(values) - _mean;
            return Fma.MultiplyAdd(distance, _scale, Fma.MultiplyAdd(distance, _scaleRest, _rest));
        }
    }
}
