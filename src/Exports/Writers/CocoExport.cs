using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Sources;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// The results list: an element for each detection. Without a data set, images are numbered, and a data set file beside has the numbers,
/// with images and categories and without annotations. With a data set, results wait in a file until all were seen: only then is it known
/// whose image an ending means.
/// </summary>
internal sealed class CocoExport(IExportTarget target, ExportOptions options) : JsonExport(ExportFormat.Coco, target, options)
{
    private readonly CocoImageIds? _ids = options.Dataset is { } dataset ? new CocoImageIds(dataset) : null;
    private readonly CocoCategoryIds _categories = new(options.Dataset, options.ClassNames);
    private readonly SpoolFile _waiting = new();
    private JsonOutput? _dataset;
    private long _next = options.FirstImageId;

    private protected override void See(DetectionResult result) => _ids?.See(result.Image.Name);

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

        if (_ids is null)
        {
            var id = _next++;
            await WriteDetectionsAsync(output, id, result, cancellationToken).ConfigureAwait(false);
            CocoJson.WriteImage(_dataset!.Json, id, image);
            await _dataset.RestAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (!_ids.Knows(image.Name))
        {
            return LeftOutReason.NotInDataset;
        }

        await _waiting.Stream.WriteAsync(result.ToUtf8Json(), cancellationToken).ConfigureAwait(false);
        _waiting.Stream.WriteByte((byte)'\n');
        return null;
    }

    private protected override async ValueTask FinishAsync(JsonOutput output, CancellationToken cancellationToken)
    {
        if (_ids is not null)
        {
            await WriteWaitingAsync(output, _ids, cancellationToken).ConfigureAwait(false);
        }

        output.Json.WriteEndArray();
        if (_dataset?.Json is { } json)
        {
            json.WriteEndArray();
            json.WriteStartArray("annotations");
            json.WriteEndArray();
            CocoJson.WriteCategories(json, _categories.All);
            json.WriteEndObject();
        }
    }

    private protected override async ValueTask CloseAsync()
    {
        await base.CloseAsync().ConfigureAwait(false);
        await _waiting.DisposeAsync().ConfigureAwait(false);
        if (_dataset is { } dataset)
        {
            _dataset = null;
            await dataset.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task WriteWaitingAsync(JsonOutput output, CocoImageIds ids, CancellationToken cancellationToken)
    {
        var waiting = await _waiting.RewindAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var result in ResultLines.ReadAsync(waiting, "results that wait", cancellationToken).ConfigureAwait(false))
        {
            if (ids.IdOf(result.Image.Name) is { } id)
            {
                await WriteDetectionsAsync(output, id, result, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                Withdraw(LeftOutReason.NameAmbiguous);
            }
        }

        if (Images(LeftOutReason.NotInDataset, LeftOutReason.NameAmbiguous) is (0, > 0 and var leftOut))
        {
            throw new ExportException(
                "dataset_does_not_fit",
                $"expected images of the data set, found none of its file names among {leftOut} results. It is another data set, "
                    + "or its names have other folders and are not unique without them. Name the data set of these images.");
        }
    }

    private async Task WriteDetectionsAsync(JsonOutput output, long id, DetectionResult result, CancellationToken cancellationToken)
    {
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
    }
}
