using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Grouping;

/// <summary>How images become batches, and how long an orchestration waits for one. Section <c>Nanodet:Batch</c>.</summary>
public sealed record BatchOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Batch";

    /// <summary>The most images of a batch.</summary>
    /// <value>1 to 256 images; default 16. More than the queue trigger holds at a time is never reached.</value>
    [Range(1, 256)]
    public int MaxSize { get; init; } = 16;

    /// <summary>How long an image waits for others to share its batch.</summary>
    /// <value>0 to 1 minute; default 250 ms.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long an orchestration waits for its batch before it looks for itself.</summary>
    /// <value>1 second to 1 day; default 2 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan WaitLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The longest wait, which <see cref="WaitLimit"/> grows to by doubling.</summary>
    /// <value>1 second to 7 days; default 1 hour.</value>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Result blobs of a batch that are written at the same time.</summary>
    /// <value>1 to 64 blobs; default 8.</value>
    [Range(1, 64)]
    public int WriteConcurrency { get; init; } = 8;
}
