using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// The results list: an element for each detection. Without a data set, images are numbered, and a data set file beside has the numbers,
/// with images and categories and without annotations.
/// </summary>
internal sealed class CocoExport(IExportTarget target, ExportOptions options) : JsonExport(ExportFormat.Coco, target, options)
{
    private readonly CocoImageIds? _ids = options.Dataset is { } dataset ? new CocoImageIds(dataset) : null;
    private readonly CocoCategoryIds _categories = new(options.Dataset, options.ClassNames);
    private JsonOutput? _dataset;
    private long _next = options.FirstImageId;

    private protected override async ValueTask StartAsync(JsonOutput output, CancellationToken cancellationToken)
    {
        output.Json.WriteStartArray();
        if (_ids is null)
        {
            _dataset = new JsonOutput(await CreateAsync(Beside(".dataset.json"), cancellationToken).ConfigureAwait(false));
            _dataset.Json.WriteStartObject();
            CocoJson.WriteInfo(_dataset.Json);
            _dataset.Json.WriteStartArray("images");
        }
    }

    private protected override async ValueTask<LeftOutReason?> WriteAsync(
        JsonOutput output, DetectionResult result, CancellationToken cancellationToken)
    {
        if (result.Image is not { Width: > 0, Height: > 0 } image)
        {
            return LeftOutReason.SizeUnknown;
        }

        if ((_ids is null ? _next++ : _ids.Take(image.Name)) is not { } id)
        {
            return LeftOutReason.NotInDataset;
        }

        foreach (var detection in result.Detections!)
        {
            if (_categories.Find(detection) is not { } category)
            {
                LeaveOut(LeftOutReason.ClassNotInDataset);
                continue;
            }

            output.Json.WriteStartObject();
            CocoJson.WriteDetection(output.Json, id, category, detection);
            output.Json.WriteEndObject();
            Count(detection.ClassName);
        }

        await output.RestAsync(cancellationToken).ConfigureAwait(false);
        if (_dataset is { } dataset)
        {
            CocoJson.WriteImage(dataset.Json, id, image);
            await dataset.RestAsync(cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private protected override ValueTask FinishAsync(JsonOutput output, CancellationToken cancellationToken)
    {
        output.Json.WriteEndArray();
        if (_dataset?.Json is { } json)
        {
            json.WriteEndArray();
            json.WriteStartArray("annotations");
            json.WriteEndArray();
            CocoJson.WriteCategories(json, _categories.All);
            json.WriteEndObject();
        }

        return ValueTask.CompletedTask;
    }

    private protected override async ValueTask CloseAsync()
    {
        await base.CloseAsync().ConfigureAwait(false);
        if (_dataset is { } dataset)
        {
            _dataset = null;
            await dataset.DisposeAsync().ConfigureAwait(false);
        }
    }
}
