using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>Makes the writer of a format.</summary>
public static class ExportWriters
{
    /// <summary>Begins an export.</summary>
    /// <param name="format">The format.</param>
    /// <param name="target">Where its files go; the writer disposes of it.</param>
    /// <param name="options">What it takes; null for everything.</param>
    /// <returns>The writer: add results, complete it, dispose of it.</returns>
    public static ExportWriter Create(ExportFormat format, IExportTarget target, ExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        options ??= new ExportOptions();
        return format switch
        {
            ExportFormat.Csv => new CsvExport(target, options),
            ExportFormat.Ndjson => new NdjsonExport(target, options),
            ExportFormat.Parquet => new ParquetExport(target, options),
            ExportFormat.Coco => new CocoExport(target, options),
            ExportFormat.CocoDataset => new CocoDatasetExport(target, options),
            ExportFormat.Yolo => new YoloExport(target, options),
            ExportFormat.Voc => new VocExport(target, options),
            ExportFormat.LabelStudio => new LabelStudioExport(target, options),
            ExportFormat.AzureMl => new AzureMlExport(target, options),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Expected a format that there is."),
        };
    }

    /// <summary>Exports results from first to last.</summary>
    /// <param name="results">The results, read as they are written.</param>
    /// <param name="format">The format.</param>
    /// <param name="target">Where its files go; it is disposed of.</param>
    /// <param name="options">What is taken; null for everything.</param>
    /// <param name="cancellationToken">Cancels the export.</param>
    /// <returns>What the export came to.</returns>
    public static async Task<ExportSummary> WriteAsync(
        IAsyncEnumerable<DetectionResult> results,
        ExportFormat format,
        IExportTarget target,
        ExportOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(results);
        var writer = Create(format, target, options);
        await using (writer.ConfigureAwait(false))
        {
            await foreach (var result in results.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await writer.AddAsync(result, cancellationToken).ConfigureAwait(false);
            }

            return await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
