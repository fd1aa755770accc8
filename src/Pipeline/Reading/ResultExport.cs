using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Exports.Downloads;
using Nanodet.Serverless.Exports.Filters;
using Nanodet.Serverless.Exports.Writers;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>An export that somebody asks for: of which results, and in what format.</summary>
/// <param name="Query">The results; their limit and their continuation do not count.</param>
/// <param name="Format">The format.</param>
public sealed record ResultExport(ResultQuery Query, ExportFormat Format)
{
    /// <summary>The parameters that a request has, as a URL spells them.</summary>
    public static IReadOnlyList<string> Parameters { get; } =
        [.. ResultQuery.Parameters.Where(name => name is not ("limit" or "continuation")), "format"];

    /// <summary>Reads a request.</summary>
    /// <param name="find">The value of a parameter; null where it is absent.</param>
    /// <exception cref="PipelineException">A value is out of its range.</exception>
    public static ResultExport Read(Func<string, string?> find)
    {
        ArgumentNullException.ThrowIfNull(find);
        var name = find("format");
        return new ResultExport(
            ResultQuery.Read(find),
            ExportFormats.Find(name) ?? throw new PipelineException(
                PipelineErrorCodes.InvalidRequest,
                $"format: expected one of {string.Join(", ", ExportFormats.Names)}, found '{BlobNames.Show(name ?? string.Empty)}'."));
    }

    /// <summary>Writes the export. Class and lowest score also choose among the detections of a result.</summary>
    /// <param name="results">What the query found.</param>
    /// <param name="cancellationToken">Cancels the export; nothing stays behind.</param>
    /// <exception cref="ExportException">Nothing is left to export.</exception>
    public Task<TemporaryExport> WriteAsync(IAsyncEnumerable<DetectionResult> results, CancellationToken cancellationToken)
    {
        var filter = new ExportFilter { Classes = Query.Class is { } one ? [one] : null, MinScore = Query.MinScore ?? 0 };
        return TemporaryExport.WriteAsync(results, Format, new ExportOptions { Filter = filter }, cancellationToken);
    }
}
