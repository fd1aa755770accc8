using Nanodet.Detection.Description;

namespace Nanodet.Detection.Inference;

/// <summary>
/// How far a value may lie from its fixture: for a score a share of its column's scale, and no less than that share of a smallest scale;
/// for a distance logit the same. The scale of a column is the largest magnitude that the fixture has of it.
/// </summary>
/// <param name="OfScale">The share.</param>
/// <param name="SmallestScale">The scale that a column of smaller values counts with.</param>
/// <param name="Scores">What a score may differ by at the most, whatever its scale; null for no other bound.</param>
/// <param name="Logits">The same for a distance logit.</param>
/// <param name="ByMeans">Whether the values are judged together, by their means (<see cref="ParityMeans"/>), and not one by one.</param>
/// <param name="Reason">Why this much.</param>
internal sealed record ParityTolerance(
    float OfScale, float SmallestScale, float? Scores, float? Logits, bool ByMeans, string Reason)
{
    /// <summary>Every tolerance; the first row that fits holds.</summary>
    internal static IReadOnlyList<(ParityPrecision Precision, string? Provider, bool Tf32, ParityTolerance Tolerance)> Table { get; } =
    [
        (ParityPrecision.Full, ProviderSelection.Cuda, true, new ParityTolerance(
            2e-2f, 1, null, null, ByMeans: false,
            "TF32 has the mantissa of float16, 10 bits, and adds up in float32. On an H100 four models differed by up to 0.009 in single "
            + "values: twice that, and more where a column is larger than 1, because the error grows with what a layer adds up.")),
        (ParityPrecision.Full, null, false, new ParityTolerance(
            1e-3f, 0.1f, null, null, ByMeans: false,
            "Float32 sums in another order: 1.2e-5 at the most on CUDA; the graph for CPUs sums otherwise than the plain one. "
            + "A wrong weight anywhere is found by a thousandth of its column's scale.")),
        (ParityPrecision.Half, null, false, new ParityTolerance(
            0, 0, 3e-2f, 0.15f, ByMeans: false,
            "Float16 keeps 10 bits of each layer's output, on every provider; on a CPU the sums in between are float32.")),
        (ParityPrecision.Int8, null, false, new ParityTolerance(
            0, 0, null, null, ByMeans: true,
            "One rounding that another kernel does otherwise runs through all layers, so that single values say little.")),
    ];

    /// <summary>The tolerance of a model on its provider.</summary>
    /// <param name="precision">What the model computes in.</param>
    /// <param name="provider">What runs it.</param>
    /// <param name="tf32">Whether it computes float32 in TF32.</param>
    internal static ParityTolerance For(ParityPrecision precision, string provider, bool tf32) => Table.First(row =>
        row.Precision == precision && (row.Provider is null || row.Provider == provider) && (!row.Tf32 || tf32)).Tolerance;

    /// <summary>What a value may differ by; not asked where values are judged together.</summary>
    /// <param name="scale">The scale of its column.</param>
    /// <param name="isScore">Whether it is a score, else a logit.</param>
    internal float Of(float scale, bool isScore) => (isScore ? Scores : Logits) ?? (OfScale * Math.Max(scale, SmallestScale));
}
