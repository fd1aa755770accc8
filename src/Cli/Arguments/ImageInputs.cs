using Microsoft.Extensions.FileSystemGlobbing;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>
/// The images that a command line names: files, folders, globs (<c>photos/**/*.jpg</c>) and lists (<c>@names.txt</c>, <c>@-</c> for
/// standard input), one or several. One folder is searched as it is; several inputs are named from the folder that they have in common.
/// </summary>
internal static class ImageInputs
{
    private const string StandardInput = "-";

    /// <summary>Finds the images.</summary>
    /// <param name="inputs">What the command line names, at least one.</param>
    /// <param name="lists">Files with a name a line; <c>-</c> is standard input.</param>
    /// <param name="except">The folder that results are written to; see <see cref="ImageFiles.Find"/>.</param>
    /// <param name="standardInput">Standard input.</param>
    /// <param name="cancellationToken">Ends the wait for standard input.</param>
    /// <exception cref="CliException">An input is not there, or none has an image.</exception>
    public static async Task<ImageFiles> FindAsync(
        IReadOnlyList<string> inputs,
        IReadOnlyList<string> lists,
        string except,
        TextReader standardInput,
        CancellationToken cancellationToken)
    {
        var names = inputs.Where(IsList).Select(input => input[1..]).Concat(lists).ToList();
        var paths = inputs.Where(input => !IsList(input)).ToList();
        if (paths is [var only] && names.Count == 0)
        {
            return IsGlob(only) ? FindByGlob(only, except) : ImageFiles.Find(only, except);
        }

        var files = new HashSet<string>(StringComparer.Ordinal);
        var roots = new List<string>();
        var ignored = 0;
        foreach (var path in paths)
        {
            var found = IsGlob(path) ? FindByGlob(path, except) : ImageFiles.Find(path, except);
            files.UnionWith(found.Files.Select(file => Path.Combine(found.Root, file)));
            roots.Add(found.Root);
            ignored += found.Ignored;
        }

        foreach (var list in names)
        {
            foreach (var file in (await ReadListAsync(list, standardInput, cancellationToken)).Select(Path.GetFullPath))
            {
                files.Add(file);
                roots.Add(Path.GetDirectoryName(file)!);
            }
        }

        if (files.Count == 0)
        {
            throw new CliException("no_images", $"expected names of images, a line each, found none in {string.Join(", ", names)}.");
        }

        var root = Common(roots);
        return new ImageFiles(
            root,
            [
                .. files.Select(file => Slashed(root, file)).Order(StringComparer.Ordinal),
            ],
            ignored);
    }

    private static bool IsList(string input) => input.StartsWith('@') && !Path.Exists(input);

    private static bool IsGlob(string input) => input.Contains('*', StringComparison.Ordinal) && !Path.Exists(input);

    /// <summary>
    /// The files that a glob names, from the folder before its first star. All are taken, whatever their ending, but what an earlier run
    /// wrote there: the output, pictures with boxes, and results beside their images. A folder that cannot be listed is one of them.
    /// </summary>
    private static ImageFiles FindByGlob(string glob, string except)
    {
        var full = Path.GetFullPath(glob);
        var fixedPart = full[..full.IndexOf('*', StringComparison.Ordinal)];
        var root = Path.GetDirectoryName(fixedPart + "x")!;
        if (!Directory.Exists(root))
        {
            throw new CliException("file_not_found", $"there is no folder {root}, in which {glob} looks.");
        }

        var matcher = new Matcher(StringComparison.Ordinal);
        var pattern = Slashed(root, full);
        matcher.AddInclude(pattern);
        var output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(except));
        var isInside = output != root && output.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        var outputName = isInside ? Slashed(root, output) : null;
        var folder = new GlobFolder(root, pattern);
        var matches = matcher.Execute(folder).Files.Select(match => match.Path).ToArray();
        string[] files =
        [
            .. matches
                .Concat(folder.Unreadable.Select(path => Slashed(root, path)))
                .Where(name => outputName is null || (name != outputName && !name.StartsWith($"{outputName}/", StringComparison.Ordinal)))
                .Where(name => !name.EndsWith(ImageFiles.AnnotatedEnding, StringComparison.Ordinal))
                .Where(name => !name.EndsWith(ImageFiles.ResultEnding, StringComparison.Ordinal)
                    || !File.Exists(Path.Combine(root, name[..^ImageFiles.ResultEnding.Length])))
                .Order(StringComparer.Ordinal),
        ];
        return files.Length > 0
            ? new ImageFiles(root, files, 0)
            : throw new CliException("no_images", $"{glob}: expected files that it names, found none in {root}.");
    }

    private static async Task<List<string>> ReadListAsync(string list, TextReader standardInput, CancellationToken cancellationToken)
    {
        if (list == StandardInput)
        {
            // Nobody knows when it ends, and a read of it cannot be cancelled.
            return await Task.Run(() => ReadLines(standardInput), cancellationToken).WaitAsync(cancellationToken);
        }

        if (!File.Exists(list))
        {
            throw new CliException("file_not_found", $"there is no list of images at {list}.");
        }

        using var file = new StreamReader(list);
        return ReadLines(file);
    }

    private static List<string> ReadLines(TextReader reader)
    {
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
            {
                lines.Add(line);
            }
        }

        return lines;
    }

    private static string Slashed(string root, string path) => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');

    private static string Common(List<string> folders)
    {
        var common = folders[0];
        foreach (var folder in folders)
        {
            while (!IsIn(folder, common))
            {
                common = Path.GetDirectoryName(common) ?? throw new CliException(
                    "inputs_apart", $"expected images with a folder in common, found {folders[0]} and {folder}.");
            }
        }

        return common;
    }

    private static bool IsIn(string folder, string root)
    {
        var start = Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar;
        return folder == root || folder.StartsWith(start, StringComparison.Ordinal);
    }
}
