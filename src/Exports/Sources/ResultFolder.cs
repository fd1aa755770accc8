using System.Runtime.CompilerServices;
using System.Text.Json;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Exports.Sources;

/// <summary>
/// The results of a folder and its subfolders: <c>*.json</c> with one result each, as <c>nanodet detect</c> writes them, and
/// <c>*.ndjson</c> with one a line. They come in the order of the file system. Links are followed; a folder is read once, however many
/// lead to it.
/// </summary>
/// <param name="folder">The folder, or one such file.</param>
public sealed class ResultFolder(string folder)
{
    private const long LargestDocument = 64L << 20;

    private static readonly EnumerationOptions Everything = new() { IgnoreInaccessible = false };

    /// <summary>JSON files that hold something else, which were left alone.</summary>
    public long OtherFiles { get; private set; }

    /// <summary>Name of the first of them; null where there is none.</summary>
    public string? OtherFile { get; private set; }

    /// <summary>Reads the results, one file at a time.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ExportException">
    /// <c>input_not_found</c>: there is no such folder or file; <c>invalid_result</c>: a line of an NDJSON file is not a result;
    /// <c>no_results</c>: no file has one.
    /// </exception>
    public async IAsyncEnumerable<DetectionResult> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var found = false;
        foreach (var path in Files())
        {
            if (path.EndsWith(".ndjson", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase))
            {
                var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
                await using (stream.ConfigureAwait(false))
                {
                    await foreach (var result in ResultLines.ReadAsync(stream, path, cancellationToken).ConfigureAwait(false))
                    {
                        found = true;
                        yield return result;
                    }
                }
            }
            else if (await ParseAsync(path, cancellationToken).ConfigureAwait(false) is { } result)
            {
                found = true;
                yield return result;
            }
        }

        if (!found)
        {
            throw new ExportException(
                "no_results",
                $"{folder}: expected result files (*.json, *.ndjson) as 'nanodet detect' writes them, found none"
                    + (OtherFile is null ? "." : $" among {OtherFiles} JSON files, such as {OtherFile}."));
        }
    }

    /// <summary>Whether a file that is written to a path would be one of those that are read here the next time.</summary>
    /// <param name="path">The file; neither it nor its folder need exist.</param>
    public bool WouldRead(string path)
    {
        if (!IsTaken(path) || File.Exists(folder))
        {
            return false;
        }

        var full = Path.GetFullPath(path);
        var parent = RealPath.Of(Path.GetDirectoryName(full)!);
        if (RealPath.IsIn(parent, RealPath.Of(folder)))
        {
            return true;
        }

        // A link inside may lead out to the file, or to a folder that it is in.
        var real = Path.Combine(parent, Path.GetFileName(full));
        try
        {
            return Directory.Exists(folder) && Folders().Any(found => RealPath.IsIn(parent, found.Real)
                || found.Folder.EnumerateFiles("*", Everything).Any(file => IsTaken(file.Name)
                    && file.LinkTarget is not null && RealPath.Of(file.FullName).Equals(real, RealPath.Comparison)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Whoever reads it says why it cannot be listed.
            return false;
        }
    }

    private static bool IsTaken(string path) => Path.GetExtension(path).ToLowerInvariant() is ".json" or ".ndjson";

    private IEnumerable<string> Files()
    {
        if (File.Exists(folder))
        {
            return [folder];
        }

        return Directory.Exists(folder)
            ? Folders().SelectMany(found => Directory.EnumerateFiles(found.Folder.FullName, "*", Everything)).Where(IsTaken)
            : throw new ExportException("input_not_found", $"there is no folder and no file at {folder}.");
    }

    /// <summary>The folder and its subfolders, each once, and where they really are.</summary>
    private IEnumerable<(DirectoryInfo Folder, string Real)> Folders()
    {
        var waiting = new Stack<(DirectoryInfo Folder, string Real)>([(new DirectoryInfo(folder), RealPath.Of(folder))]);
        var seen = new HashSet<string>(StringComparer.Ordinal) { waiting.Peek().Real };
        while (waiting.TryPop(out var next))
        {
            yield return next;
            foreach (var inside in next.Folder.EnumerateDirectories("*", Everything))
            {
                var real = inside.LinkTarget is null ? Path.Combine(next.Real, inside.Name) : RealPath.Of(inside.FullName);
                if (seen.Add(real))
                {
                    waiting.Push((inside, real));
                }
            }
        }
    }

    private async Task<DetectionResult?> ParseAsync(string path, CancellationToken cancellationToken)
    {
        if (new FileInfo(path).Length <= LargestDocument)
        {
            try
            {
                return DetectionResult.Parse(await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false));
            }
            catch (JsonException)
            {
                // A data set or a report that lies among the results.
            }
        }

        OtherFiles++;
        OtherFile ??= path;
        return null;
    }
}
