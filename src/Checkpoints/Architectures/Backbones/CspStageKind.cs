namespace Nanodet.Checkpoints.Architectures.Backbones;

/// <summary>What a stage of a <see cref="CustomCspNet"/> is.</summary>
internal enum CspStageKind
{
    /// <summary>One convolution module.</summary>
    Conv,

    /// <summary>One cross-stage-partial block; it doubles the channels.</summary>
    CspBlock,

    /// <summary>One max pooling.</summary>
    MaxPool,
}
