namespace Nanodet.Detection.Batching;

/// <summary>What a failed batch says about its requests.</summary>
internal enum BatchFault
{
    /// <summary>One of them may be to blame: each is tried alone.</summary>
    OfOne,

    /// <summary>They are too many: halves are tried, and later batches stay as small.</summary>
    OfSize,

    /// <summary>None is to blame, and another try is of no use: all of them fail.</summary>
    OfAll,
}
