using Nanodet.Checkpoints.StateDicts;

namespace Nanodet.Checkpoints.Export;

/// <summary>What a checkpoint holds.</summary>
public sealed record CheckpointSummary
{
    /// <summary>SHA-256 of the file, in lower-case hex digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Size of the file, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>How the checkpoint wraps its tensors.</summary>
    public required CheckpointForm Form { get; init; }

    /// <summary>The parts, the three that inference needs first.</summary>
    public required IReadOnlyList<CheckpointPart> Parts { get; init; }

    /// <summary>Number of tensors by element type.</summary>
    public required IReadOnlyDictionary<string, int> Types { get; init; }

    /// <summary>Whether the auxiliary branch of training is inside.</summary>
    public required bool Auxiliary { get; init; }

    /// <summary>The parts of backbone, fpn and head that have no tensor at all.</summary>
    public required IReadOnlyList<string> MissingParts { get; init; }

    /// <summary>Whether every inference tensor of the config is there in its shape and none is left over; null without a config.</summary>
    public required bool? Complete { get; init; }

    /// <summary>Why it is not complete; null where it is, or without a config.</summary>
    public required string? Problem { get; init; }
}
