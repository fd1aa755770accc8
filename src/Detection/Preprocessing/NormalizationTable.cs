using Nanodet.Detection.Description;

namespace Nanodet.Detection.Preprocessing;

/// <summary>
/// <c>(value - mean) / std</c> for each of the 256 values of a channel, computed in double precision and rounded to float once.
/// </summary>
internal sealed class NormalizationTable
{
    /// <summary>Values of a channel.</summary>
    internal const int Values = 256;

    private readonly float[] _table = new float[3 * Values];
    private readonly int[] _source = new int[3];
    private readonly AffineNormalization[] _affine = new AffineNormalization[3];

    internal NormalizationTable(ModelDescription model)
    {
        for (var plane = 0; plane < 3; plane++)
        {
            _affine[plane] = AffineNormalization.Of(model.Mean[plane], model.Std[plane]);
            _source[plane] = model.ColorOrder == ColorOrder.Bgr ? plane : 2 - plane;
            for (var value = 0; value < Values; value++)
            {
                _table[(plane * Values) + value] = (float)((value - model.Mean[plane]) / model.Std[plane]);
            }
        }

        IsAffine = Enumerable.Range(0, 3 * Values).All(i => BitConverter.SingleToInt32Bits(_table[i])
            == BitConverter.SingleToInt32Bits(_affine[i / Values].Normalize(i % Values)));
    }

    /// <summary>
    /// Whether <see cref="Affine"/> gives every float of the table, to the last bit. Few means and deviations do not: where a value lies in
    /// the middle between two floats, nearly.
    /// </summary>
    internal bool IsAffine { get; }

    /// <summary>The numbers to compute a plane's values with.</summary>
    internal AffineNormalization Affine(int plane) => _affine[plane];

    /// <summary>The 256 floats of each plane of the tensor, one plane after the other.</summary>
    internal ReadOnlySpan<float> All => _table;

    /// <summary>The 256 floats of a plane of the tensor.</summary>
    internal ReadOnlySpan<float> Plane(int plane) => _table.AsSpan(plane * Values, Values);

    /// <summary>Which byte of a blue, green, red pixel feeds a plane.</summary>
    internal int SourceChannel(int plane) => _source[plane];

    /// <summary>
    /// Which plane a byte of a blue, green, red pixel feeds: the order of the planes is that of the bytes, or its reverse.
    /// </summary>
    internal int PlaneOf(int channel) => _source[channel];
}
