namespace Nanodet.Detection.Preprocessing;

/// <summary>
/// <c>(value - mean) / std</c> in single precision, as near as the rounded double: what a single cannot hold of the mean, and of the
/// reciprocal of the deviation, is added with a second multiplication.
/// </summary>
/// <param name="Mean">The mean in steps of 2^-16: a value of 0 to 255 minus that needs no rounding.</param>
/// <param name="Scale">The reciprocal of the deviation.</param>
/// <param name="ScaleRest">What is missing from <paramref name="Scale"/>.</param>
/// <param name="Rest">What is missing from <paramref name="Mean"/>, negative, times the scale.</param>
internal readonly record struct AffineNormalization(float Mean, float Scale, float ScaleRest, float Rest)
{
    private const double Steps = 1 << 16;

    /// <summary>Splits a mean and a deviation.</summary>
    internal static AffineNormalization Of(double mean, double deviation)
    {
        var held = Math.Round(mean * Steps) / Steps;
        var scale = 1 / deviation;
        return new AffineNormalization((float)held, (float)scale, (float)(scale - (float)scale), (float)((held - mean) * scale));
    }

    /// <summary>Normalises a value in the way that vectors do.</summary>
    internal float Normalize(int value)
    {
        var distance = value - Mean;
        return MathF.FusedMultiplyAdd(distance, Scale, MathF.FusedMultiplyAdd(distance, ScaleRest, Rest));
    }
}
