using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Nanodet.Serverless.Viewer;

/// <summary>
/// The viewer's files: HTML, CSS and ES modules, the same for everybody, without any data. Whatever they show comes from the API.
/// </summary>
public static class ViewerFiles
{
    private const string Folder = "viewer/";
    private const string Index = "index.html";

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, ViewerFile> Files = typeof(ViewerFiles).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[Folder.Length..].Replace('\\', '/'), Read, StringComparer.Ordinal);

    /// <summary>The paths of all files, without a slash at the beginning.</summary>
    public static IEnumerable<string> Paths => Files.Keys;

    /// <summary>A file.</summary>
    /// <param name="path">Its path; an empty one, or null, is the page.</param>
    /// <returns>Null when there is none.</returns>
    public static ViewerFile? Find(string? path) =>
        Files.TryGetValue(string.IsNullOrEmpty(path) ? Index : path, out var file) ? file : null;

    private static ViewerFile Read(string name)
    {
        var content = Resource.Read(name);
        return new ViewerFile(
            content, Types[Path.GetExtension(name)], $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12))}\"");
    }
}
