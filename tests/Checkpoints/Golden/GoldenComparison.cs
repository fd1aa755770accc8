namespace Nanodet.Serverless.Checkpoints.Tests.Golden;

/// <summary>Compares whole outputs with the official ones.</summary>
internal static class GoldenComparison
{
    private const double Absolute = 1e-3;
    private const double Relative = 1e-4;

    /// <summary>Asserts that every value agrees, and gives the largest differences of scores and of logits.</summary>
    /// <param name="expected">The official output.</param>
    /// <param name="actual">Ours, with the sigmoid applied to its class columns.</param>
    /// <param name="shape">1, points, columns.</param>
    /// <param name="classes">Number of class columns.</param>
    /// <param name="logits">Whether the official class columns come before the sigmoid.</param>
    public static (double Scores, double Distances) Assert(float[] expected, float[] actual, long[] shape, int classes, bool logits)
    {
        Xunit.Assert.Equal(expected.Length, actual.Length);
        var columns = (int)shape[^1];
        double scores = 0, distances = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            var isScore = i % columns < classes;
            var value = isScore && logits ? 1 / (1 + Math.Exp(-(double)expected[i])) : expected[i];
            var difference = Math.Abs(value - actual[i]);
            Xunit.Assert.True(
                difference <= Absolute + (Relative * Math.Abs(value)), $"point {i / columns}, column {i % columns}: {value:R} was expected, {actual[i]:R} was found");
            _ = isScore ? scores = Math.Max(scores, difference) : distances = Math.Max(distances, difference);
        }

        return (scores, distances);
    }
}
