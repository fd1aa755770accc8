using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>How checkpoints of container <c>checkpoints</c> become models. Section <c>Nanodet:Publish</c>.</summary>
public sealed record PublishOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Publish";

    /// <summary>
    /// How long a checkpoint waits for its config, or a config for its checkpoint, before a report says that it is missing.
    /// </summary>
    /// <value>1 second to 6 days, the longest timer of an orchestration; default 10 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:01", "6.00:00:00")]
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The largest checkpoint that is downloaded. Converting one takes about three times its size in memory.</summary>
    /// <value>1 KiB to 1 GiB, in bytes; default 268435456 (256 MiB).</value>
    [Range(1L << 10, 1L << 30)]
    public long MaxCheckpointBytes { get; init; } = 256L << 20;
}
