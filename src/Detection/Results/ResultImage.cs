namespace Nanodet.Detection.Results;

/// <summary>The image of a result.</summary>
/// <param name="Container">The blob container; null for a file.</param>
/// <param name="Name">The blob's name in its container, or a file's path as it was given.</param>
/// <param name="Etag">The blob's ETag; null for a file.</param>
/// <param name="Bytes">Length of the encoded image.</param>
/// <param name="Width">Columns after EXIF orientation, in pixels; null in a failure.</param>
/// <param name="Height">Rows after EXIF orientation, in pixels; null in a failure.</param>
public sealed record ResultImage(string? Container, string Name, string? Etag, long Bytes, int? Width, int? Height);
