using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>The result documents themselves, one a line, with the detections that were taken.</summary>
internal sealed class NdjsonExport(IExportTarget target, ExportOptions options) : ExportWriter(ExportFormat.Ndjson, target, options)
{
    private Stream? _stream;

    private protected override async ValueTask<LeftOutReason?> WriteAsync(DetectionResult result, CancellationToken cancellationToken)
    {
        _stream ??= await CreateAsync(FileName, cancellationToken).ConfigureAwait(false);
        await _stream.WriteAsync(result.ToUtf8Json(), cancellationToken).ConfigureAwait(false);
        _stream.WriteByte((byte)'\n');
        foreach (var detection in result.Detections ?? [])
        {
            Count(detection.ClassName);
        }

        return null;
    }

    private protected override async Task FinishAsync(CancellationToken cancellationToken)
    {
        _stream ??= await CreateAsync(FileName, cancellationToken).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    private protected override async ValueTask CloseAsync()
    {
        if (_stream is { } stream)
        {
            _stream = null;
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }
}
