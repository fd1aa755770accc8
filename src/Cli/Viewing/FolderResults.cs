using System.Globalization;
using System.Runtime.CompilerServices;
using Nanodet.Detection.Images;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Exports.Sources;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Reading;

namespace Nanodet.Serverless.Cli.Viewing;

/// <summary>The results of a folder, as <c>nanodet detect</c> leaves them, and the images that they are about.</summary>
internal sealed class FolderResults : IViewedResults
{
    private readonly IReadOnlyList<byte[]> _results;
    private readonly IReadOnlyList<string> _roots;
    private readonly HashSet<string> _names;

    // Parts of names without their first folders, and how many results have them; none without a folder of images that was named.
    private readonly Dictionary<string, int> _endings;

    private FolderResults(string title, IReadOnlyList<DetectionResult> results, IReadOnlyList<string> roots, bool hasImages)
    {
        Title = title;
        _results = [.. results.Select(result => result.ToUtf8Json())];
        _names = results.Select(result => result.Image.Name).ToHashSet(StringComparer.Ordinal);
        _endings = (hasImages ? _names.SelectMany(EndingsOf) : []).CountBy(ending => ending).ToDictionary(StringComparer.Ordinal);
        _roots = roots;
    }

    /// <inheritdoc/>
    public string Title { get; }

    /// <inheritdoc/>
    public string? JobId => null;

    /// <inheritdoc/>
    public Uri? ImageOrigin => null;

    /// <inheritdoc/>
    public bool IsContentKnown => false;

    /// <summary>How many results there are.</summary>
    public int Count => _results.Count;

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">Results, or one file of them.</param>
    /// <param name="images">Where images are looked for first; null for nowhere else than in the folder, beside it, and here.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="Exports.ExportException">There is no such folder, or it has no result.</exception>
    /// <exception cref="CliException">There is no such folder of images.</exception>
    public static async Task<FolderResults> ReadAsync(string folder, DirectoryInfo? images, CancellationToken cancellationToken)
    {
        if (images is { Exists: false })
        {
            throw new CliException("file_not_found", $"--images: there is no folder at {images.FullName}.");
        }

        var results = new List<DetectionResult>();
        await foreach (var result in new ResultFolder(folder).ReadAsync(cancellationToken))
        {
            results.Add(result);
        }

        results.Sort((left, right) => string.CompareOrdinal(left.Image.Name, right.Image.Name));
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string?[] roots = images is not null
            ? [images.FullName]
            : [Directory.Exists(full) ? full : null, Path.GetDirectoryName(full), Environment.CurrentDirectory];
        return new FolderResults(full, results, [.. roots.OfType<string>().Distinct()], images is not null);
    }

    /// <inheritdoc/>
    public Task<ResultPage?> ReadAsync(ResultQuery query, CancellationToken cancellationToken)
    {
        if (query.JobId is not null)
        {
            return Task.FromResult<ResultPage?>(null);
        }

        var at = 0;
        if (query.Continuation is { } text && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out at))
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest, "continuation: expected what the page before said, found something else.");
        }

        var items = new List<ReadOnlyMemory<byte>>();
        for (; at < _results.Count && items.Count < query.Limit; at++)
        {
            if (query.TakesAll || query.Matches(DetectionResult.Parse(_results[at])))
            {
                items.Add(_results[at]);
            }
        }

        return Task.FromResult<ResultPage?>(new ResultPage(
            items, at < _results.Count ? at.ToString(CultureInfo.InvariantCulture) : null, _results.Count));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<DetectionResult> ReadAllAsync(
        ResultQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var result in _results.Select(result => DetectionResult.Parse(result)).Where(query.Matches))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return result;
        }
    }

    /// <inheritdoc/>
    public Task<ImageLink?> LinkAsync(string? container, string name, string? etag, CancellationToken cancellationToken) =>
        Task.FromResult<ImageLink?>(null);

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> FindImageAsync(
        string? container, string name, string? etag, CancellationToken cancellationToken)
    {
        // Only what a result names is read, and only from below the folders: a page of the web that got in would learn nothing else.
        if (!_names.Contains(name) || Array.Exists(name.Split('/', '\\'), segment => segment == "..") || Path.IsPathRooted(name))
        {
            return null;
        }

        // Results out of storage have names that begin with a prefix there. An ending counts that no other result has, and that is no path
        // from the root of a disk: the second slash of "a//etc/x.png" begins one.
        foreach (var path in EndingsOf(name)
            .Where(ending => _endings.GetValueOrDefault(ending) == 1 && !Path.IsPathRooted(ending)).Prepend(name))
        {
            foreach (var root in _roots)
            {
                var file = new FileInfo(Path.Combine(root, path));
                if (file.Exists && file.Length <= new ImageLimits().MaxBytes)
                {
                    return await File.ReadAllBytesAsync(file.FullName, cancellationToken);
                }
            }
        }

        return null;
    }

    /// <summary>A name without its first folder, without its first two, and so on.</summary>
    private static IEnumerable<string> EndingsOf(string name)
    {
        for (var at = name.IndexOf('/', StringComparison.Ordinal); at >= 0; at = name.IndexOf('/', at + 1))
        {
            yield return name[(at + 1)..];
        }
    }
}
