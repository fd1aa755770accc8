namespace Nanodet.Checkpoints.Quantization;

/// <summary>The values of an activation that 8 bits have to represent; what lies outside is clamped.</summary>
/// <param name="Minimum">The least value.</param>
/// <param name="Maximum">The greatest value, not below the least.</param>
public readonly record struct ValueRange(float Minimum, float Maximum)
{
    /// <summary>The smallest range that holds both.</summary>
    internal ValueRange Union(ValueRange other) => new(MathF.Min(Minimum, other.Minimum), MathF.Max(Maximum, other.Maximum));

    /// <summary>The part within bounds.</summary>
    internal ValueRange Clamp(ValueRange bounds) =>
        new(Math.Clamp(Minimum, bounds.Minimum, bounds.Maximum), Math.Clamp(Maximum, bounds.Minimum, bounds.Maximum));
}
