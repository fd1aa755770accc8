using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>
/// What is known of a batch that a worker has begun and not finished: the content of its mark in container <c>staging</c>.
/// </summary>
internal sealed record BegunBatch
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = ImageMessage.CurrentSchemaVersion;

    /// <summary>The process that works on the batch, or did so last: a text of its own that no other process has.</summary>
    public required string Process { get; init; }

    /// <summary>
    /// True while a process works on the batch. A mark that says so and is not renewed any more is that of a process that died.
    /// </summary>
    public bool IsUnderWay { get; init; }

    /// <summary>
    /// True once a process died of the batch, or of one of its images elsewhere: suspects run one by one, with no other batch beside them,
    /// so that one can tell which of them it is.
    /// </summary>
    public bool IsAlone { get; init; }

    /// <summary>
    /// True once a process died of the batch while no image was at hand: each of its images may have been the reason, wherever else it is.
    /// </summary>
    public bool IsSuspect { get; init; }

    /// <summary>The batch; null in the mark of an earlier version.</summary>
    public BatchReference? Batch { get; init; }

    /// <summary>
    /// The image at hand, as <see cref="Workers.BatchImage.Subject"/> says it; null when it is none, or all of them.
    /// </summary>
    public string? AtHand { get; init; }

    /// <summary>How often a process died at an image that ran alone, by the image.</summary>
    public IReadOnlyDictionary<string, int> Deaths { get; init; } = new Dictionary<string, int>();

    /// <summary>The same after the process that worked on it died.</summary>
    public BegunBatch AfterDeath()
    {
        var deaths = new Dictionary<string, int>(Deaths);
        if (IsAlone && AtHand is { } image)
        {
            deaths[image] = deaths.GetValueOrDefault(image) + 1;
        }

        return new BegunBatch
        {
            Process = Process,
            IsAlone = true,
            IsSuspect = IsSuspect || AtHand is null,
            Batch = Batch,
            Deaths = deaths,
        };
    }
}
