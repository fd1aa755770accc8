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
}
