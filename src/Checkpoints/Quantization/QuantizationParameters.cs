namespace Nanodet.Checkpoints.Quantization;

/// <summary>How an unsigned byte stands for a real number: <c>real = scale * (byte - zeroPoint)</c>.</summary>
/// <param name="Scale">The size of a step.</param>
/// <param name="ZeroPoint">The byte that stands for 0.</param>
internal readonly record struct QuantizationParameters(float Scale, byte ZeroPoint)
{
    /// <summary>
    /// Spreads the bytes over a range that is widened to hold 0, since the zeros of a padding have to be exact. A range without extent
    /// gets a step of 1.
    /// </summary>
    public static QuantizationParameters For(ValueRange range)
    {
        var minimum = Math.Min(range.Minimum, 0.0);
        var maximum = Math.Max(range.Maximum, 0.0);
        var scale = (float)((maximum - minimum) / byte.MaxValue);
        return scale > 0 && float.IsFinite(1 / scale)
            ? new QuantizationParameters(
                scale,
                (byte)Math.Clamp(Math.Round(-minimum / scale, MidpointRounding.ToEven), byte.MinValue, byte.MaxValue))
            : new QuantizationParameters(1, 0);
    }
}
