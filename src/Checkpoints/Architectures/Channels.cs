namespace Nanodet.Checkpoints.Architectures;

/// <summary>The rule by which scaled networks round their channels.</summary>
internal static class Channels
{
    /// <summary>The multiple of the divisor nearest to a number of channels, at least one, and not more than 10 % below it.</summary>
    public static int Divisible(double channels, int divisor)
    {
        var rounded = Math.Max(divisor, (int)(channels + (divisor / 2.0)) / divisor * divisor);
        return rounded < 0.9 * channels ? rounded + divisor : rounded;
    }
}
