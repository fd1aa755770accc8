namespace Nanodet.Detection.Images;

/// <summary>The stable codes of notes on an image that was detected. They are part of the result schema.</summary>
public static class ImageNoteCodes
{
    /// <summary>The JPEG's end-of-image marker is missing; its last scan is complete, so every pixel is there.</summary>
    public const string EndMarkerMissing = "end_marker_missing";

    /// <summary>The image was packed with gzip, and was unpacked.</summary>
    public const string GzipUnpacked = "gzip_unpacked";

    /// <summary>All codes.</summary>
    public static IReadOnlyList<string> All { get; } = [EndMarkerMissing, GzipUnpacked];
}
