using System.Globalization;
using System.Text;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;
using nietras.SeparatedValues;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>One row for each detection; an image without any, and a failure, is a row without a class.</summary>
internal sealed class CsvExport(IExportTarget target, ExportOptions options) : ExportWriter(ExportFormat.Csv, target, options)
{
    private SepWriter? _writer;

    private protected override async ValueTask<LeftOutReason?> WriteAsync(DetectionResult result, CancellationToken cancellationToken)
    {
        var writer = _writer ??= await BeginAsync(cancellationToken).ConfigureAwait(false);
        foreach (var detection in result.Detections ?? [])
        {
            Write(writer, result, detection);
            Count(detection.ClassName);
        }

        if (result.Detections is not { Count: > 0 })
        {
            Write(writer, result, detection: null);
        }

        return null;
    }

    private protected override async Task FinishAsync(CancellationToken cancellationToken)
    {
        _writer ??= await BeginAsync(cancellationToken).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    private protected override async ValueTask CloseAsync()
    {
        if (_writer is { } writer)
        {
            _writer = null;
            await writer.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static void Write(SepWriter writer, DetectionResult result, DetectedObject? detection)
    {
        using var row = writer.NewRow();
        var image = result.Image;
        row["container"].Set(image.Container);
        row["name"].Set(image.Name);
        row["status"].Set(DetectionStatusConverter.Text(result.Status));
        Set(row["image_width"], image.Width);
        Set(row["image_height"], image.Height);
        Set(row["class_id"], detection?.ClassId);
        row["class_name"].Set(detection?.ClassName);
        Set(row["score"], detection?.Score);
        Set(row["x"], detection?.Box.X);
        Set(row["y"], detection?.Box.Y);
        Set(row["width"], detection?.Box.Width);
        Set(row["height"], detection?.Box.Height);
        row["error_code"].Set(result.Error?.Code);
        row["error_message"].Set(result.Error?.Message);
        row["model_name"].Set(result.Model?.Name);
        row["model_version"].Set(result.Model?.Version);
        row["created_utc"].Set(result.CreatedUtc.ToString("O", CultureInfo.InvariantCulture));
    }

    private static void Set<T>(SepWriter.Col column, T? value)
        where T : struct, ISpanFormattable
    {
        if (value is { } some)
        {
            column.Format(some);
        }
        else
        {
            column.Set(string.Empty);
        }
    }

    private async Task<SepWriter> BeginAsync(CancellationToken cancellationToken)
    {
        var stream = await CreateAsync(FileName, cancellationToken).ConfigureAwait(false);
        var text = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16) { NewLine = "\n" };
        var writer = Sep.New(',').Writer(known => known with { Escape = true, CultureInfo = CultureInfo.InvariantCulture }).To(text);
        writer.Header.Add(
        [
            "container", "name", "status", "image_width", "image_height", "class_id", "class_name", "score", "x", "y", "width", "height",
            "error_code", "error_message", "model_name", "model_version", "created_utc",
        ]);
        writer.Header.Write();
        return writer;
    }
}
