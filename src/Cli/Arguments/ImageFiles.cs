using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>The images of a <c>--input</c>: one file, whatever its name, or all files of a folder that are named like images.</summary>
/// <param name="Root">The folder that results are named after.</param>
/// <param name="Files">Paths relative to it, in ordinal order.</param>
/// <param name="Ignored">Number of other files in the folder.</param>
internal sealed record ImageFiles(string Root, IReadOnlyList<string> Files, int Ignored)
{
    private static readonly HashSet<string> Endings =
        new([".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Finds the images.</summary>
    /// <param name="input">A file or a folder, which is searched with its subfolders.</param>
    /// <param name="except">A folder inside it that is left out: the one that results are written to.</param>
    /// <exception cref="CliException">There is no such file or folder, or the folder has no image.</exception>
    public static ImageFiles Find(string input, string except)
    {
        var path = Path.GetFullPath(input);
        if (File.Exists(path))
        {
            return new ImageFiles(Path.GetDirectoryName(path)!, [Path.GetFileName(path)], 0);
        }

        if (!Directory.Exists(path))
        {
            throw new CliException("file_not_found", $"there is no image and no folder at {input}.");
        }

        var excluded = Path.TrimEndingDirectorySeparator(Path.GetFullPath(except)) + Path.DirectorySeparatorChar;
        var all = Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true })
            .Where(file => !file.StartsWith(excluded, StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(path, file).Replace(Path.DirectorySeparatorChar, '/'))
            .ToList();
        var images = all.Where(file => Endings.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal).ToList();
        return images.Count > 0
            ? new ImageFiles(path, images, all.Count - images.Count)
            : throw new CliException(
                "no_images",
                $"{input} has {all.Count} files and no image; names ending in {string.Join(", ", Endings)} were expected.");
    }
}
