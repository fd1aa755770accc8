namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>What became of a checkpoint: the blob <c>name.report.json</c> beside it.</summary>
public sealed record PublishReport
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = 1;

    /// <summary><see cref="PublishStatus.Published"/> or <see cref="PublishStatus.Refused"/>.</summary>
    public required PublishStatus Status { get; init; }

    /// <summary>The checkpoint; null when it is missing.</summary>
    public CheckpointBlob? Checkpoint { get; init; }

    /// <summary>The config; null when it is missing.</summary>
    public CheckpointBlob? Config { get; init; }

    /// <summary>The model that was published, or null.</summary>
    public PublishedCheckpoint? Model { get; init; }

    /// <summary>Why it was refused, or null.</summary>
    public PublishError? Error { get; init; }

    /// <summary>The model that was current when this was written, as <c>name/version</c>; null when there was none.</summary>
    public string? Current { get; init; }

    /// <summary>What the user should know, in sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>When it was written, in UTC.</summary>
    public required DateTimeOffset CreatedUtc { get; init; }
}
