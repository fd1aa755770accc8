using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>A format whose file is one JSON document, or lines of them.</summary>
internal abstract class JsonExport(ExportFormat format, IExportTarget target, ExportOptions options) : ExportWriter(format, target, options)
{
    private JsonOutput? _output;

    private protected override async ValueTask<LeftOutReason?> WriteAsync(DetectionResult result, CancellationToken cancellationToken)
    {
        var output = _output ??= await BeginAsync(cancellationToken).ConfigureAwait(false);
        return await WriteAsync(output, result, cancellationToken).ConfigureAwait(false);
    }

    private protected override async Task FinishAsync(CancellationToken cancellationToken)
    {
        var output = _output ??= await BeginAsync(cancellationToken).ConfigureAwait(false);
        await FinishAsync(output, cancellationToken).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    private protected override async ValueTask CloseAsync()
    {
        if (_output is { } output)
        {
            _output = null;
            await output.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Writes what comes first.</summary>
    private protected virtual ValueTask StartAsync(JsonOutput output, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    private protected abstract ValueTask<LeftOutReason?> WriteAsync(
        JsonOutput output, DetectionResult result, CancellationToken cancellationToken);

    /// <summary>Writes what comes last.</summary>
    private protected virtual ValueTask FinishAsync(JsonOutput output, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    private async Task<JsonOutput> BeginAsync(CancellationToken cancellationToken)
    {
        var output = new JsonOutput(await CreateAsync(FileName, cancellationToken).ConfigureAwait(false));
        await StartAsync(output, cancellationToken).ConfigureAwait(false);
        return output;
    }
}
