namespace Nanodet.Checkpoints.Architectures.Heads;

/// <summary>Where a head puts the centre of a point's box.</summary>
internal enum HeadKind
{
    /// <summary>At <c>x * stride</c>: NanoDetPlusHead.</summary>
    Plus,

    /// <summary>At <c>(x + 0.5) * stride</c>: the heads before NanoDet-Plus.</summary>
    Legacy,

    /// <summary>Nowhere: SimpleConvHead as the main head has raw logits and no official post-processing.</summary>
    Raw,
}
