using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Functions.Upkeep;

/// <summary>How long ended orchestrations are kept. Section <c>Nanodet:History</c>.</summary>
public sealed record HistoryOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:History";

    /// <summary>Age, from its start, at which an orchestration that has ended is removed.</summary>
    /// <value>0 to 365 days; default 30 days.</value>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>A run ends after this time; the next goes on with what is left. <c>functionTimeout</c> has to be longer.</summary>
    /// <value>1 second to 25 minutes; default 10 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:25:00")]
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A run ends after the request that has removed so many orchestrations; the next goes on with what is left.</summary>
    /// <value>1 to 10,000,000 orchestrations; default 100,000.</value>
    [Range(1, 10_000_000)]
    public int MaxInstances { get; init; } = 100_000;
}
