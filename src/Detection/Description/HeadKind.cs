namespace Nanodet.Detection.Description;

/// <summary>Where a head puts its centre priors, for point x of a level with a given stride.</summary>
public enum HeadKind
{
    /// <summary>NanoDet-Plus: at <c>x * stride</c>.</summary>
    Plus,

    /// <summary>NanoDet before Plus: at <c>(x + 0.5) * stride</c>.</summary>
    Legacy,

    /// <summary>Nowhere: the raw output has no official post-processing (SimpleConvHead as the main head).</summary>
    Raw,
}
