namespace Nanodet.Detection.Results;

/// <summary>Which image a result is about.</summary>
/// <param name="Container">The blob container; null for a file.</param>
/// <param name="Name">The blob's name in its container, or a file's path as it was given.</param>
/// <param name="Etag">The blob's ETag; null for a file.</param>
/// <param name="Bytes">Length of the encoded image.</param>
public sealed record ImageReference(string? Container, string Name, string? Etag, long Bytes);
