namespace Nanodet.Serverless.Exports.Sources;

/// <summary>Where a path leads when every link on its way is followed.</summary>
internal static class RealPath
{
    // As many as Linux follows; links that lead in a circle end here.
    private const int MostLinks = 40;

    /// <summary>Follows the links. What does not exist stays as it is written.</summary>
    internal static string Of(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var real = Path.GetPathRoot(full)!;
        var rest = new Stack<string>(Parts(full).Reverse());
        for (var links = 0; rest.TryPop(out var part);)
        {
            var next = Path.Combine(real, part);
            if (links < MostLinks && new FileInfo(next).LinkTarget is { } target)
            {
                links++;
                var followed = Path.GetFullPath(target, real);
                real = Path.GetPathRoot(followed)!;
                foreach (var segment in Parts(followed).Reverse())
                {
                    rest.Push(segment);
                }
            }
            else
            {
                real = next;
            }
        }

        return real;
    }

    /// <summary>Whether a real path is a real folder's, or of something in it.</summary>
    internal static bool IsIn(string path, string folder) =>
        path.Equals(folder, Comparison)
        || path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, Comparison);

    /// <summary>How the file systems that are usual here tell names apart.</summary>
    internal static StringComparison Comparison =>
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    private static string[] Parts(string full) =>
        full[Path.GetPathRoot(full)!.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
}
