using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>What the worker's side of a batch may cost. Section <c>Nanodet:Worker</c>.</summary>
public sealed record WorkerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Worker";

    /// <summary>Batches that are worked on at the same time; further messages wait, however many the host hands over.</summary>
    /// <value>1 to 64 batches; default 4.</value>
    [Range(1, 64)]
    public int ConcurrentBatches { get; init; } = 4;

    /// <summary>
    /// How long a batch waits for others to end, before its message is completed without effect and the orchestration asks again. The wait
    /// counts against the host's <c>functionTimeout</c>.
    /// </summary>
    /// <value>0 to 1 hour; default 10 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan SlotWait { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Images of a batch that are looked up and downloaded at the same time.</summary>
    /// <value>1 to 64 images; default 8.</value>
    [Range(1, 64)]
    public int DownloadConcurrency { get; init; } = 8;

    /// <summary>Encoded bytes of a batch that are in memory at the same time; a larger image comes alone.</summary>
    /// <value>1 MiB to 8 GiB, in bytes; default 256 MiB.</value>
    [Range(1L << 20, 8L << 30)]
    public long MaxBytesInMemory { get; init; } = 256L << 20;

    /// <summary>How long a batch waits for a model that is not ready, before its message is completed without effect.</summary>
    /// <value>0 to 5 minutes; default 10 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan ReadyWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the mark of a begun batch may stay without being renewed, before the process that began it counts as dead. A living one
    /// renews it three times as often.
    /// </summary>
    /// <value>1 second to 10 minutes; default 30 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Identities of finished images that are remembered, so that a second batch does not compute them again.</summary>
    /// <value>0 to 1,000,000 identities; default 20,000.</value>
    [Range(0, 1_000_000)]
    public int RememberedIdentities { get; init; } = 20_000;
}
