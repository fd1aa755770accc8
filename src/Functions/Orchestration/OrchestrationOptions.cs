using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Functions.Orchestration;

/// <summary>How orchestrations retry, and when they cut their history. Section <c>Nanodet:Orchestrations</c>.</summary>
public sealed record OrchestrationOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Orchestrations";

    /// <summary>How long an orchestration waits for its batch before it looks for the results itself and queues the batch again.</summary>
    /// <value>1 second to 1 day; default 2 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan BatchWait { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The longest such wait, which <see cref="BatchWait"/> grows to by doubling.</summary>
    /// <value>1 second to 7 days; default 1 hour.</value>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan LongestBatchWait { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often an activity is tried before its orchestration fails.</summary>
    /// <value>1 to 100 times; default 10.</value>
    [Range(1, 100)]
    public int ActivityAttempts { get; init; } = 10;

    /// <summary>The pause before an activity's second try; it doubles with each.</summary>
    /// <value>100 ms to 1 hour; default 2 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest pause between two tries of an activity.</summary>
    /// <value>100 ms to 1 day; default 1 minute.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Pages of a job after which it waits for those in flight and cuts its history.</summary>
    /// <value>1 to 100 pages; default 16.</value>
    [Range(1, 100)]
    public int PagesPerGeneration { get; init; } = 16;
}
