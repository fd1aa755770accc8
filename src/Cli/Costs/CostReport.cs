namespace Nanodet.Serverless.Cli.Costs;

/// <summary>What a deployment is expected to cost.</summary>
internal sealed record CostReport
{
    /// <summary>Images a day.</summary>
    public required long ImagesPerDay { get; init; }

    /// <summary>What the workers run on.</summary>
    public required string Profile { get; init; }

    /// <summary>Images a second of one worker that this counts on.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>Date of the prices.</summary>
    public required DateOnly PricesOf { get; init; }

    /// <summary>Currency of every cost.</summary>
    public required string Currency { get; init; }

    /// <summary>The rows.</summary>
    public required IReadOnlyList<CostLine> Lines { get; init; }

    /// <summary>Sum of the rows.</summary>
    public required double PerDay { get; init; }

    /// <summary>Of a month of 365 / 12 days.</summary>
    public required double PerMonth { get; init; }

    /// <summary>Of a million images; null where there are none.</summary>
    public required double? PerMillionImages { get; init; }

    /// <summary>Names of the prices that were used and have no source.</summary>
    public required IReadOnlyList<string> AssumedPrices { get; init; }
}
