using System.Globalization;
using System.Text;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Results as a model leaves them, written by hand.</summary>
internal static class Compared
{
    /// <summary>A result with boxes of 40x40 pixels at (100·i, 10).</summary>
    /// <param name="name">The image's name.</param>
    /// <param name="etag">The content.</param>
    /// <param name="found">What was found: the i-th box's class and score.</param>
    public static DetectionResult Result(string name, string etag, params (string Class, double Score)[] found)
    {
        var boxes = found.Select((one, i) => string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"classId":{{{one.Class[0] - 'a'}}},"className":"{{{one.Class}}}","score":{{{one.Score}}},"box":{"x":{{{100 * i}}},"y":10,"width":40,"height":40}}"""));
        return DetectionResult.Parse(Encoding.UTF8.GetBytes(
            $$"""
            {"schemaVersion":1,"status":"detected",
             "image":{"container":"images","name":"{{name}}","etag":"{{etag}}","bytes":9,"width":640,"height":480},
             "model":{"name":"m","version":"1","sha256":"{{new string('0', 64)}}","inputWidth":320,"inputHeight":320},"provider":"CPU",
             "options":{"scoreThreshold":0.05,"iouThreshold":0.6,"maxDetections":100},
             "batchSize":1,"timings":{"decodeMs":1,"preprocessMs":1,"inferenceMs":1,"postprocessMs":1},
             "detections":[{{string.Join(',', boxes)}}],"jobId":null,"createdUtc":"2026-01-31T12:00:00Z"}
            """));
    }

    /// <summary>A result of an image that failed.</summary>
    public static DetectionResult Failure(string name, string etag) => DetectionResult.CreateFailure(
        new DetectionError("image_truncated", "x"), new ImageReference("images", name, etag, 9), DateTime.UnixEpoch);
}
