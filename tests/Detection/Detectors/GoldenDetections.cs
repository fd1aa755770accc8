using System.Text.Json;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Serverless.Detection.Tests.Detectors;

/// <summary>The official predictor's detections by photo, and how ours are held against them.</summary>
internal static class GoldenDetections
{
    internal static Dictionary<string, List<DetectedObject>> Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.GetProperty("photos").EnumerateObject().ToDictionary(
            photo => photo.Name,
            photo => photo.Value.GetProperty("detections").EnumerateArray().Select(Detection).ToList());
    }

    internal static float Overlap(BoundingBox a, BoundingBox b)
    {
        var width = Math.Max(0, Math.Min(a.X + a.Width, b.X + b.Width) - Math.Max(a.X, b.X));
        var height = Math.Max(0, Math.Min(a.Y + a.Height, b.Y + b.Height) - Math.Max(a.Y, b.Y));
        return width * height / ((a.Width * a.Height) + (b.Width * b.Height) - (width * height));
    }

    /// <summary>The one of the same class that overlaps most.</summary>
    internal static DetectedObject? Counterpart(DetectedObject detection, IEnumerable<DetectedObject> others) => others
        .Where(other => other.ClassId == detection.ClassId && Math.Abs(other.Score - detection.Score) <= 0.005f)
        .OrderByDescending(other => Overlap(other.Box, detection.Box))
        .Select(other => (DetectedObject?)other)
        .FirstOrDefault();

    private static DetectedObject Detection(JsonElement element)
    {
        var box = element.GetProperty("box").EnumerateArray().Select(side => side.GetSingle()).ToArray();
        return new DetectedObject(
            element.GetProperty("class").GetInt32(),
            element.GetProperty("name").GetString()!,
            element.GetProperty("score").GetSingle(),
            new BoundingBox(box[0], box[1], box[2] - box[0], box[3] - box[1]));
    }
}
