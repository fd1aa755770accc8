using System.Runtime.CompilerServices;
using System.Text.Json;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Exports.Sources;

/// <summary>
/// The results of a folder and its subfolders: <c>*.json</c> with one result each, as <c>nanodet detect</c> writes them, and
/// <c>*.ndjson</c> with one a line. They come in the order of the file system.
/// </summary>
/// <param name="folder">The folder, or one such file.</param>
public sealed class ResultFolder(string folder)
{
    private const long LargestDocument = 64L << 20;

    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = false };

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

    private IEnumerable<string> Files()
    {
        if (File.Exists(folder))
        {
            return [folder];
        }

        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*", Everything)
                .Where(path => Path.GetExtension(path).ToLowerInvariant() is ".json" or ".ndjson")
            : throw new ExportException("input_not_found", $"there is no folder and no file at {folder}.");
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
