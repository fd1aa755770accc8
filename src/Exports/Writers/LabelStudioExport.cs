using System.Xml;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// A task for each image with its detections as a prediction, and beside it the labelling configuration that they fit. Boxes are in percent
/// of the image.
/// </summary>
internal sealed class LabelStudioExport(IExportTarget target, ExportOptions options) : JsonExport(ExportFormat.LabelStudio, target, options)
{
    private readonly ClassIds _classes = new(options.ClassNames);

    private protected override ValueTask StartAsync(JsonOutput output, CancellationToken cancellationToken)
    {
        output.Json.WriteStartArray();
        return ValueTask.CompletedTask;
    }

    private protected override async ValueTask<LeftOutReason?> WriteAsync(
        JsonOutput output, DetectionResult result, CancellationToken cancellationToken)
    {
        if (result.Image is not { Width: > 0 and var width, Height: > 0 and var height })
        {
            return LeftOutReason.SizeUnknown;
        }

        var json = output.Json;
        var detections = result.Detections!;
        json.WriteStartObject();
        json.WriteStartObject("data");
        json.WriteString("image", Url(result.Image));
        json.WriteString("name", result.Image.Name);
        json.WriteEndObject();
        json.WriteStartArray("predictions");
        json.WriteStartObject();
        json.WriteString("model_version", result.Model is { } model ? $"{model.Name} {model.Version}" : "unknown");
        json.WriteNumber("score", detections.Count == 0 ? 0 : Math.Round(detections.Average(detection => detection.Score), 6));
        json.WriteStartArray("result");
        foreach (var (index, detection) in detections.Index())
        {
            _ = _classes.Of(detection);
            var box = detection.Box;
            json.WriteStartObject();
            json.WriteString("id", $"d{index}");
            json.WriteString("type", "rectanglelabels");
            json.WriteString("from_name", "label");
            json.WriteString("to_name", "image");
            json.WriteNumber("original_width", width);
            json.WriteNumber("original_height", height);
            json.WriteNumber("image_rotation", 0);
            json.WriteNumber("score", detection.Score);
            json.WriteStartObject("value");
            json.WriteNumber("x", Percent(box.X, width));
            json.WriteNumber("y", Percent(box.Y, height));
            json.WriteNumber("width", Percent(box.Width, width));
            json.WriteNumber("height", Percent(box.Height, height));
            json.WriteNumber("rotation", 0);
            json.WriteStartArray("rectanglelabels");
            json.WriteStringValue(detection.ClassName);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
            Count(detection.ClassName);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        await output.RestAsync(cancellationToken).ConfigureAwait(false);
        return null;
    }

    private protected override async ValueTask FinishAsync(JsonOutput output, CancellationToken cancellationToken)
    {
        output.Json.WriteEndArray();
        await AddFileAsync(Beside(".config.xml"), Configuration(), cancellationToken).ConfigureAwait(false);
    }

    private static double Percent(float pixels, int size) => Math.Round(Math.Clamp(100.0 * pixels / size, 0, 100), 6);

    private byte[] Configuration()
    {
        using var memory = new MemoryStream();
        using (var xml = XmlWriter.Create(memory, XmlText.Settings))
        {
            xml.WriteStartElement("View");
            xml.WriteStartElement("Image");
            xml.WriteAttributeString("name", "image");
            xml.WriteAttributeString("value", "$image");
            xml.WriteEndElement();
            xml.WriteStartElement("RectangleLabels");
            xml.WriteAttributeString("name", "label");
            xml.WriteAttributeString("toName", "image");
            foreach (var name in _classes.Names)
            {
                xml.WriteStartElement("Label");
                xml.WriteAttributeString("value", XmlText.Clean(name));
                xml.WriteEndElement();
            }
        }

        return memory.ToArray();
    }

    private string Url(ResultImage image) => Options.ImageUrlPrefix is { } prefix
        ? ImageNames.Url(prefix, image.Container is null ? ImageNames.RelativePath(image.Name) : image.Name)
        : image.Container is { } container
            ? $"azure-blob://{container}/{image.Name}"
            : ImageNames.Url("/data/local-files/?d=", ImageNames.RelativePath(image.Name));
}
