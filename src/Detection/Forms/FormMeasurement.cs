using System.Globalization;
using System.Text.Json.Serialization;

namespace Nanodet.Detection.Forms;

/// <summary>How fast a model is in 8 bits and in float32 on one machine: both in turn, in one process.</summary>
/// <param name="Float32Ms">
/// Median time of a round in float32, in milliseconds: <paramref name="ConcurrentRuns"/> runs of one image at the same time.
/// </param>
/// <param name="Int8Ms">The same in 8 bits.</param>
/// <param name="Rounds">Rounds of each that count.</param>
/// <param name="ConcurrentRuns">Runs at the same time.</param>
/// <param name="Processor">Name of the processor.</param>
public sealed record FormMeasurement(double Float32Ms, double Int8Ms, int Rounds, int ConcurrentRuns, string Processor)
{
    /// <summary>
    /// How many times as fast as float32 the 8-bit form has to be: it costs accuracy, and a smaller gain is within what two measurements
    /// differ by.
    /// </summary>
    public const double WorthIt = 1.05;

    /// <summary>How many times as fast as float32 the 8-bit form is; below 1 where it is slower.</summary>
    public double Factor => Float32Ms / Math.Max(1e-6, Int8Ms);

    /// <summary>Whether the 8-bit form is served where the choice is open.</summary>
    [JsonIgnore]
    public bool IsWorthIt => Factor >= WorthIt;

    /// <summary>In a sentence without its end.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"int8 {(Factor < 0.995 ? "is slower: " : "is ")}{Factor:0.00} times as fast as float32 on {Processor}");
}
