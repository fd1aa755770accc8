namespace Nanodet.Detection.Batching;

/// <summary>What a failed run says about its requests.</summary>
internal enum RunFault
{
    /// <summary>One of them may be to blame: each is tried alone.</summary>
    OfOne,

    /// <summary>They are too many: halves are tried, and later runs stay as small.</summary>
    OfSize,

    /// <summary>None is to blame, and another try is of no use: all of them fail.</summary>
    OfAll,
}
