namespace Nanodet.Serverless.Exports.Writers;

/// <summary>What becomes of an image's name in an export.</summary>
internal static class ImageNames
{
    private static readonly HashSet<char> Unusable = [.. Path.GetInvalidFileNameChars().Except(['/', '\\'])];

    /// <summary>
    /// A relative path with slashes, whatever the name is: it stays inside of the folder it is put into. The same for the names of blobs
    /// and for paths of this machine.
    /// </summary>
    internal static string RelativePath(string name)
    {
        var separators = OperatingSystem.IsWindows() ? new[] { '/', '\\' } : ['/'];
        var segments = name.Split(separators, StringSplitOptions.RemoveEmptyEntries)
            .Where(segment => segment is not ("." or ".."))
            .Select(Clean);
        return string.Join('/', segments) is { Length: > 0 } path ? path : "_";
    }

    /// <summary>A relative path with another ending in place of the image's.</summary>
    internal static string WithEnding(string relativePath, string ending)
    {
        var dot = relativePath.LastIndexOf('.');
        return string.Concat(dot > relativePath.LastIndexOf('/') + 1 ? relativePath.AsSpan(0, dot) : relativePath, ending);
    }

    /// <summary>An image's address: a prefix and the name, percent-encoded but for its slashes.</summary>
    internal static string Url(string prefix, string name) => prefix + string.Join('/', name.Split('/').Select(Uri.EscapeDataString));

    private static string Clean(string segment) =>
        segment.Any(Unusable.Contains) ? string.Concat(segment.Select(letter => Unusable.Contains(letter) ? '_' : letter)) : segment;
}
