using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// A data set in one document. Its images are written as they come; its annotations, which stand behind them, wait in a file.
/// </summary>
internal sealed class CocoDatasetExport(IExportTarget target, ExportOptions options) : JsonExport(ExportFormat.CocoDataset, target, options)
{
    private readonly CocoCategoryIds _categories = new(dataset: null, options.ClassNames);
    private readonly SpoolFile _spool = new();
    private JsonOutput? _annotations;
    private long _nextImage = options.FirstImageId;
    private long _nextAnnotation = options.FirstAnnotationId;

    private protected override ValueTask StartAsync(JsonOutput output, CancellationToken cancellationToken)
    {
        output.Json.WriteStartObject();
        CocoJson.WriteInfo(output.Json);
        output.Json.WriteStartArray("images");
        _annotations = new JsonOutput(_spool.Stream);
        _annotations.Json.WriteStartArray();
        return ValueTask.CompletedTask;
    }

    private protected override async ValueTask<LeftOutReason?> WriteAsync(
        JsonOutput output, DetectionResult result, CancellationToken cancellationToken)
    {
        if (result.Image is not { Width: > 0, Height: > 0 } image)
        {
            return LeftOutReason.SizeUnknown;
        }

        var id = _nextImage++;
        CocoJson.WriteImage(output.Json, id, image);
        await output.RestAsync(cancellationToken).ConfigureAwait(false);
        var json = _annotations!.Json;
        foreach (var detection in result.Detections!)
        {
            json.WriteStartObject();
            json.WriteNumber("id", _nextAnnotation++);
            CocoJson.WriteDetection(json, id, _categories.Find(detection)!.Value, detection);
            json.WriteNumber("area", detection.Box.Width * detection.Box.Height);
            json.WriteNumber("iscrowd", 0);
            json.WriteStartArray("segmentation");
            json.WriteEndArray();
            json.WriteEndObject();
            Count(detection.ClassName);
        }

        await _annotations.RestAsync(cancellationToken).ConfigureAwait(false);
        return null;
    }

    private protected override async ValueTask FinishAsync(JsonOutput output, CancellationToken cancellationToken)
    {
        var json = output.Json;
        json.WriteEndArray();
        CocoJson.WriteCategories(json, _categories.All);
        _annotations!.Json.WriteEndArray();
        await _annotations.Json.FlushAsync(cancellationToken).ConfigureAwait(false);
        json.WritePropertyName("annotations");
        await output.CopyAsync(_spool, cancellationToken).ConfigureAwait(false);
        json.WriteEndObject();
    }

    private protected override async ValueTask CloseAsync()
    {
        await base.CloseAsync().ConfigureAwait(false);
        await _spool.DisposeAsync().ConfigureAwait(false);
    }
}
