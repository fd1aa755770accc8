namespace Nanodet.Detection.Inference;

/// <summary>How far the values of a parity fixture lie off on average: what decides about a model that computes in 8 bits.</summary>
internal sealed class ParityMeans
{
    private const double ScoreTolerance = 2e-2;
    private const double LogitTolerance = 0.1;
    private const double RelativeLogitTolerance = 0.25;

    private readonly double[] _differences = new double[2];
    private readonly double[] _magnitudes = new double[2];
    private readonly int[] _counts = new int[2];

    /// <summary>Adds a value.</summary>
    /// <param name="isScore">Whether it is a class score, else a distance logit.</param>
    /// <param name="expected">What it was at export.</param>
    /// <param name="difference">How far off it is.</param>
    internal void Add(bool isScore, float expected, float difference)
    {
        var kind = isScore ? 0 : 1;
        _differences[kind] += difference;
        _magnitudes[kind] += Math.Abs(expected);
        _counts[kind]++;
    }

    /// <summary>Why the model must not serve; null when it may.</summary>
    internal string? FindProblem(int count)
    {
        var scores = _differences[0] / Math.Max(1, _counts[0]);
        var logits = _differences[1] / Math.Max(1, _counts[1]);
        var allowed = LogitTolerance + (RelativeLogitTolerance * _magnitudes[1] / Math.Max(1, _counts[1]));

        // Not "greater than": a mean that is no number is a problem, too.
        return scores <= ScoreTolerance && logits <= allowed
            ? null
            : $"nanodet.parity: expected {count} output values near those at export, scores within {ScoreTolerance:G2} and logits within "
                + $"{allowed:G2} on average, found {scores:G3} and {logits:G3}.";
    }
}
