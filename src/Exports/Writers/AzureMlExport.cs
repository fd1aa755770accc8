using System.Collections.Frozen;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// A line for each image: its address in a datastore, its size, and its boxes as parts of it, as the schema of automated machine learning
/// for images has them.
/// </summary>
internal sealed class AzureMlExport(IExportTarget target, ExportOptions options) : JsonExport(ExportFormat.AzureMl, target, options)
{
    private static readonly FrozenSet<string> Formats = ["jpg", "jpeg", "png", "jpe", "jfif", "bmp", "tif", "tiff"];

    private protected override async ValueTask<LeftOutReason?> WriteAsync(
        JsonOutput output, DetectionResult result, CancellationToken cancellationToken)
    {
        if (result.Image is not { Width: > 0 and var width, Height: > 0 and var height })
        {
            return LeftOutReason.SizeUnknown;
        }

        var json = output.Json;
        json.WriteStartObject();
        json.WriteString("image_url", Url(result.Image));
        json.WriteStartObject("image_details");
        var format = Path.GetExtension(result.Image.Name).TrimStart('.').ToLowerInvariant();
        if (Formats.Contains(format))
        {
            json.WriteString("format", format);
        }

        json.WriteNumber("width", width);
        json.WriteNumber("height", height);
        json.WriteEndObject();
        json.WriteStartArray("label");
        foreach (var detection in result.Detections!)
        {
            var box = detection.Box;
            json.WriteStartObject();
            json.WriteString("label", detection.ClassName);
            json.WriteNumber("topX", Ratio(box.X, width));
            json.WriteNumber("topY", Ratio(box.Y, height));
            json.WriteNumber("bottomX", Ratio(box.X + box.Width, width));
            json.WriteNumber("bottomY", Ratio(box.Y + box.Height, height));
            json.WriteNumber("isCrowd", 0);
            json.WriteEndObject();
            Count(detection.ClassName);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await output.EndLineAsync(cancellationToken).ConfigureAwait(false);
        return null;
    }

    private static double Ratio(float edge, int size) => Math.Round(Math.Clamp(edge / (double)size, 0, 1), 6);

    private string Url(ResultImage image) => ImageNames.Url(
        Options.ImageUrlPrefix ?? $"azureml://datastores/{image.Container ?? "workspaceblobstore"}/paths/",
        image.Container is null ? ImageNames.RelativePath(image.Name) : image.Name);
}
