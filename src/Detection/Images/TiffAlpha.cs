namespace Nanodet.Detection.Images;

/// <summary>What a TIFF says of a fourth sample (tag 338, TIFF 6.0, section 18).</summary>
internal enum TiffAlpha
{
    /// <summary>Nothing that changes colours.</summary>
    None,

    /// <summary>Colours were multiplied by alpha already.</summary>
    Associated,

    /// <summary>Colours stand beside alpha.</summary>
    Unassociated,
}
