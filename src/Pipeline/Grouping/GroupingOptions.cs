using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Grouping;

/// <summary>How images that come one by one are grouped into batches. Section <c>Nanodet:Grouping</c>.</summary>
public sealed record GroupingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Grouping";

    /// <summary>The most images of a batch.</summary>
    /// <value>1 to 256 images; default 16. More than the queue trigger holds at a time is never reached.</value>
    [Range(1, 256)]
    public int BatchSize { get; init; } = 16;

    /// <summary>How long an image waits for others to share its batch.</summary>
    /// <value>0 to 1 minute; default 250 ms.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(250);
}
