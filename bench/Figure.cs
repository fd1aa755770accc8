namespace Nanodet.Serverless.Bench;

/// <summary>One row of a comparison.</summary>
/// <param name="Model">The model's file name, and what was done to the file.</param>
/// <param name="Threads">Threads of its session.</param>
/// <param name="Rounds">Counted runs.</param>
/// <param name="MedianMs">Median run time.</param>
/// <param name="MinMs">Shortest run time.</param>
/// <param name="P10Ms">Tenth percentile.</param>
/// <param name="P90Ms">Ninetieth percentile.</param>
/// <param name="RatioToFirst">Median relative to the first model's.</param>
/// <param name="MinRatioToFirst">Shortest run time relative to the first model's.</param>
internal sealed record Figure(
    string Model, int Threads, int Rounds, double MedianMs, double MinMs, double P10Ms, double P90Ms, double RatioToFirst, double MinRatioToFirst);
