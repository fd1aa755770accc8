namespace Nanodet.Serverless.Checkpoints.Tests.Optimization;

/// <summary>Compares outputs that were summed in another order.</summary>
internal static class Close
{
    private const double Tolerance = 2e-5;

    /// <summary>Asserts that every value agrees, up to the tolerance times the mean magnitude and its own.</summary>
    /// <returns>The largest difference relative to the mean magnitude.</returns>
    public static double Assert(float[] expected, float[] actual)
    {
        Xunit.Assert.Equal(expected.Length, actual.Length);
        var magnitude = expected.Average(value => (double)Math.Abs(value));
        var largest = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs((double)expected[i] - actual[i]);
            Xunit.Assert.True(difference <= Tolerance * (magnitude + Math.Abs(expected[i])), $"[{i}]: {expected[i]:R} was expected, {actual[i]:R} was found");
            largest = Math.Max(largest, difference);
        }

        return largest / magnitude;
    }
}
