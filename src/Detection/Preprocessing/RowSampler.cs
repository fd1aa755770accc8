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
    private unsafe int SampleInVectors(
        ReadOnlySpan<ushort> sums, ReadOnlySpan<int> offsets, ReadOnlySpan<int> weights, Span<float> destination, int planeLength)
    {
        var half = Vector256.Create(Half);
        var done = 0;
        fixed (ushort* pairs = sums)
        fixed (float* values = table.All)
        {
            ref var blue = ref MemoryMarshal.GetReference(destination.Slice(table.PlaneOf(0) * planeLength, offsets.Length));
            ref var green = ref MemoryMarshal.GetReference(destination.Slice(planeLength, offsets.Length));
            ref var red = ref MemoryMarshal.GetReference(destination.Slice(table.PlaneOf(2) * planeLength, offsets.Length));
            ref var offset = ref MemoryMarshal.GetReference(offsets);
            ref var weight = ref MemoryMarshal.GetReference(weights);
            var blueValues = values + (table.PlaneOf(0) * NormalizationTable.Values);
            var greenValues = values + NormalizationTable.Values;
            var redValues = values + (table.PlaneOf(2) * NormalizationTable.Values);
            for (; done <= offsets.Length - Vector256<int>.Count; done += Vector256<int>.Count)
            {
                // Three reads of two neighbours each cover blue, green, red of both pixels.
                var place = Vector256.LoadUnsafe(ref offset, (nuint)done);
                var parts = Vector256.LoadUnsafe(ref weight, (nuint)done).AsInt16();
                var blueGreen = Avx2.GatherVector256((int*)pairs, place, 2).AsInt16();
                var redBlue = Avx2.GatherVector256((int*)(pairs + 2), place, 2).AsInt16();
                var greenRed = Avx2.GatherVector256((int*)(pairs + 4), place, 2).AsInt16();
                var blues = Avx2.MultiplyAddAdjacent(Avx2.Blend(blueGreen, redBlue, 0b10101010), parts);
                var reds = Avx2.MultiplyAddAdjacent(Avx2.Blend(redBlue, greenRed, 0b10101010), parts);
                var greens = Avx2.MultiplyAddAdjacent(
                    Avx2.Blend((blueGreen.AsInt32() >>> 16).AsInt16(), (greenRed.AsInt32() << 16).AsInt16(), 0b10101010), parts);
                Avx2.GatherVector256(blueValues, (blues + half) >> Shift, 4).StoreUnsafe(ref blue, (nuint)done);
                Avx2.GatherVector256(greenValues, (greens + half) >> Shift, 4).StoreUnsafe(ref green, (nuint)done);
                Avx2.GatherVector256(redValues, (reds + half) >> Shift, 4).StoreUnsafe(ref red, (nuint)done);
            }
        }

        return done;
    }
}
