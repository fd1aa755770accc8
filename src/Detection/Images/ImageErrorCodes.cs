namespace Nanodet.Detection.Images;

/// <summary>The stable codes of <see cref="ImageException"/>. They are part of the result schema and never change their meaning.</summary>
public static class ImageErrorCodes
{
    /// <summary>There is not a single byte.</summary>
    public const string Empty = "image_empty";

    /// <summary>The first bytes belong to no accepted image format.</summary>
    public const string NotAnImage = "not_an_image";

    /// <summary>The bytes end before the image does.</summary>
    public const string Truncated = "image_truncated";

    /// <summary>More bytes than <see cref="ImageLimits.MaxBytes"/>.</summary>
    public const string TooLarge = "image_too_large";

    /// <summary>More pixels than <see cref="ImageLimits.MaxPixels"/>, or a side longer than <see cref="ImageLimits.MaxSide"/>.</summary>
    public const string TooManyPixels = "image_too_many_pixels";

    /// <summary>More tiles than sliced inference may make of one image: the slices are too small for it.</summary>
    public const string TooManyTiles = "image_too_many_tiles";

    /// <summary>The bytes begin like an image and are complete, but the decoder cannot make pixels of them.</summary>
    public const string Undecodable = "image_undecodable";

    /// <summary>All codes.</summary>
    public static IReadOnlyList<string> All { get; } = [Empty, NotAnImage, Truncated, TooLarge, TooManyPixels, TooManyTiles, Undecodable];
}
