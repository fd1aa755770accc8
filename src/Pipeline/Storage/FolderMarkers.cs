namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>
/// Blobs that stand for a folder. Hadoop, blobfuse and the data lake keep an empty blob with the metadata <c>hdi_isfolder</c>; other tools
/// keep one whose name ends with a slash. An account with a hierarchical namespace lists every directory so. None of them is an image.
/// </summary>
public static class FolderMarkers
{
    private const string Key = "hdi_isfolder";

    /// <summary>True for a blob that stands for a folder.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">Its length; null when it is not known.</param>
    /// <param name="metadata">Its metadata; null when they are not known.</param>
    public static bool IsMarker(string name, long? bytes, IEnumerable<KeyValuePair<string, string>>? metadata)
    {
        ArgumentNullException.ThrowIfNull(name);
        return (bytes == 0 && name.EndsWith('/')) || (metadata is not null && metadata.Any(IsFolder));
    }

    private static bool IsFolder(KeyValuePair<string, string> entry) =>
        entry.Key.Equals(Key, StringComparison.OrdinalIgnoreCase)
        && entry.Value.Trim().Equals("true", StringComparison.OrdinalIgnoreCase);
}
