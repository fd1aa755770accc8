namespace Nanodet.Serverless.Chaos.Tests.Faults;

/// <summary>
/// Which requests fail, and how. The sequence of decisions follows from the seed; which request meets which decision is up to the order in
/// which they come.
/// </summary>
/// <param name="Seed">Of the sequence.</param>
/// <param name="Share">Share of the requests that fail or are late, 0 to 1; all faults are equally frequent.</param>
internal sealed record FaultRules(int Seed, double Share)
{
    private static readonly FaultKind[] All = [.. Enum.GetValues<FaultKind>().Where(kind => kind != FaultKind.None)];

    private readonly Random _random = new(Seed);
    private readonly Lock _gate = new();

    /// <summary>The faults that happen.</summary>
    /// <value>Default: every kind.</value>
    public IReadOnlyList<FaultKind> Kinds { get; init; } = All;

    /// <summary>The longest delay of a late request.</summary>
    /// <value>Default 2 seconds.</value>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Whether the answer to a receive from a queue may be lost. The messages are then in nobody's hands, and hidden for as long as whoever
    /// received them asked for: ten minutes for those of triggers.
    /// </summary>
    /// <value>Default true.</value>
    public bool LosesReceived { get; init; } = true;

    /// <summary>Decides about the next request.</summary>
    /// <returns>What becomes of it, and how late it is.</returns>
    public (FaultKind Kind, TimeSpan Delay) Next()
    {
        lock (_gate)
        {
            var (chance, kind, delay) = (_random.NextDouble(), _random.Next(Kinds.Count), _random.NextDouble());
            return chance < Share
                ? (Kinds[kind], Kinds[kind] == FaultKind.Delay ? LongestDelay * delay : TimeSpan.Zero)
                : (FaultKind.None, TimeSpan.Zero);
        }
    }
}
