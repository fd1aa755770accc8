using System.Text.Json;
using Nanodet.Detection.Evaluation;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>The parts that COCO documents are made of.</summary>
internal static class CocoJson
{
    internal static void WriteInfo(Utf8JsonWriter json)
    {
        json.WriteStartObject("info");
        json.WriteString("description", "Detections of Nanodet.Serverless");
        json.WriteString("version", "1.0");
        json.WriteEndObject();
        json.WriteStartArray("licenses");
        json.WriteEndArray();
    }

    internal static void WriteImage(Utf8JsonWriter json, long id, ResultImage image)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteString("file_name", image.Name);
        json.WriteNumber("width", image.Width!.Value);
        json.WriteNumber("height", image.Height!.Value);
        json.WriteEndObject();
    }

    internal static void WriteCategories(Utf8JsonWriter json, IEnumerable<CocoCategory> categories)
    {
        json.WriteStartArray("categories");
        foreach (var category in categories)
        {
            json.WriteStartObject();
            json.WriteNumber("id", category.Id);
            json.WriteString("name", category.Name);
            json.WriteString("supercategory", string.Empty);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Image, category, box and score, in an object that was begun.</summary>
    internal static void WriteDetection(Utf8JsonWriter json, long imageId, int categoryId, in DetectedObject detection)
    {
        json.WriteNumber("image_id", imageId);
        json.WriteNumber("category_id", categoryId);
        json.WriteStartArray("bbox");
        json.WriteNumberValue(detection.Box.X);
        json.WriteNumberValue(detection.Box.Y);
        json.WriteNumberValue(detection.Box.Width);
        json.WriteNumberValue(detection.Box.Height);
        json.WriteEndArray();
        json.WriteNumber("score", detection.Score);
    }
}
