using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;
using Parquet;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// The same rows as the table of text, in columns with types. Rows are collected into groups; one group is in memory at a time.
/// </summary>
internal sealed class ParquetExport(IExportTarget target, ExportOptions options) : ExportWriter(ExportFormat.Parquet, target, options)
{
    private const int RowsPerGroup = 1 << 16;

    private readonly ParquetRows _rows = new();
    private CountingStream? _stream;
    private ParquetWriter? _writer;

    private protected override async ValueTask<LeftOutReason?> WriteAsync(DetectionResult result, CancellationToken cancellationToken)
    {
        foreach (var detection in result.Detections ?? [])
        {
            _rows.Add(result, detection);
            Count(detection.ClassName);
        }

        if (result.Detections is not { Count: > 0 })
        {
            _rows.Add(result, detection: null);
        }

        if (_rows.Count >= RowsPerGroup)
        {
            await WriteGroupAsync(cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private protected override async Task FinishAsync(CancellationToken cancellationToken)
    {
        await WriteGroupAsync(cancellationToken).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    private protected override async ValueTask CloseAsync()
    {
        if (_writer is { } writer)
        {
            _writer = null;
            await writer.DisposeAsync().ConfigureAwait(false);
        }

        if (_stream is { } stream)
        {
            _stream = null;
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task WriteGroupAsync(CancellationToken cancellationToken)
    {
        _stream ??= new CountingStream(await CreateAsync(FileName, cancellationToken).ConfigureAwait(false));
        _writer ??= await ParquetWriter.CreateAsync(
            ParquetRows.Schema,
            _stream,
            new ParquetOptions { CompressionMethod = CompressionMethod.Snappy },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        using var group = _writer.CreateRowGroup();
        await _rows.WriteAsync(group, cancellationToken).ConfigureAwait(false);
        _rows.Clear();
    }
}
