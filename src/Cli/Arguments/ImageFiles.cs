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

    /// <summary>What the name of a result's file ends in, behind the image's.</summary>
    public const string ResultEnding = ".json";

    /// <summary>What an annotated picture's name ends in, behind the image's.</summary>
    public const string AnnotatedEnding = ".annotated.jpg";

    /// <summary>Finds the images. Whatever is named like one is taken, also what turns out to be no file that can be read.</summary>
    /// <param name="input">A file or a folder, which is searched with its subfolders; a link to a folder is followed once.</param>
    /// <param name="except">
    /// A folder inside it that is left out: the one that results are written to. Where that is the input itself, annotated pictures are
    /// left out.
    /// </param>
    /// <exception cref="CliException">There is no such file or folder, or the folder has no image.</exception>
    public static ImageFiles Find(string input, string except)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(input));
        if (!Directory.Exists(path))
        {
            return File.Exists(path) || new FileInfo(path).LinkTarget is not null
                ? new ImageFiles(Path.GetDirectoryName(path)!, [Path.GetFileName(path)], 0)
                : throw new CliException("file_not_found", $"there is no image and no folder at {input}.");
        }

        var root = RealPath(path);
        var search = new ImageFolderSearch(path, RealPath(Path.TrimEndingDirectorySeparator(Path.GetFullPath(except))), IsImage);
        search.Add(path, root);
        return search.Images.Count > 0
            ? new ImageFiles(path, [.. search.Images.Order(StringComparer.Ordinal)], search.Others)
            : throw new CliException(
                "no_images",
                $"{input} has {search.Others} files and no image; names ending in {string.Join(", ", Endings)} were expected.");
    }

    /// <summary>A folder's path without a link at its end.</summary>
    internal static string RealPath(string folder) =>
        Directory.Exists(folder) && new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true) is { } target
            ? Path.TrimEndingDirectorySeparator(target.FullName)
            : folder;

    /// <summary>The same for a folder that was found in another one, whose path without links is known.</summary>
    internal static string RealPath(DirectoryInfo folder, string realParent) =>
        folder.LinkTarget is null ? Path.Combine(realParent, folder.Name) : RealPath(folder.FullName);

    /// <summary>
    /// What is in a folder, in an order of its own: of several links to a folder it is always the same one that is followed.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="takesHidden">Whether hidden names are among it.</param>
    /// <exception cref="IOException">It cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be listed.</exception>
    internal static IEnumerable<FileSystemInfo> List(DirectoryInfo folder, bool takesHidden = false) => folder
        .EnumerateFileSystemInfos("*", new EnumerationOptions
        {
            IgnoreInaccessible = false,
            AttributesToSkip = takesHidden ? FileAttributes.None : FileAttributes.Hidden | FileAttributes.System,
        })
        .OrderBy(entry => entry.Name, StringComparer.Ordinal);

    private static bool IsImage(string name) => Endings.Contains(Path.GetExtension(name));
}
