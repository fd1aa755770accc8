using Nanodet.Detection.Detectors;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Exports.Tests;

/// <summary>Results as jobs and folders have them, with the names that break formats.</summary>
internal static class Results
{
    internal const string Comma = "cam1/a \"b\", c;\nd.jpg";
    internal const string Plain = "cam1/0001.jpg";
    internal const string Empty = "cam2/leer-äß.png";
    internal const string Damaged = "cam2/damaged.jpg";

    private static readonly DateTime Created = new(2026, 1, 31, 12, 0, 0, 123, DateTimeKind.Utc);

    /// <summary>Two images with objects, one without, and one that failed.</summary>
    internal static DetectionResult[] Some { get; } =
    [
        Of(Plain, 640, 480, new(16, "dog", 0.91f, new(130.25f, 220.5f, 180.5f, 259.5f)), new(0, "person", 0.5f, new(0, 0, 640, 480))),
        Of(Comma, 100, 50, new DetectedObject(0, "person", 0.36f, new(10.1f, 5.2f, 20.3f, 30.4f))),
        Of(Empty, 32, 32),
        Failed(Damaged),
    ];

    internal static DetectionResult Of(string name, int width, int height, params DetectedObject[] detections) => new()
    {
        Status = DetectionStatus.Detected,
        Image = new ResultImage("images", name, "0x1", 1000, width, height),
        Model = new ResultModel("tiny", "v1", new string('a', 64), 416, 416),
        Options = new ResultOptions(0.35f, 0.6f, 100),
        Detections = detections,
        Provider = "CPU",
        BatchSize = 1,
        CreatedUtc = Created,
    };

    internal static DetectionResult Failed(string name) => DetectionResult.CreateFailure(
        new DetectionError("image_truncated", "expected more, found \"less\"."), new ImageReference("images", name, "0x2", 9), Created);

    /// <summary>Any number of results, each made when it is asked for.</summary>
    internal static async IAsyncEnumerable<DetectionResult> Many(int count)
    {
        await Task.CompletedTask;
        for (var i = 0; i < count; i++)
        {
            yield return i % 50 == 49
                ? Failed($"set/{i / 1000}/{i}.jpg")
                : Of(
                    $"set/{i / 1000}/{i}.jpg",
                    640,
                    480,
                    new DetectedObject(i % 80, $"class {i % 80}", 0.4f, new(i % 300, 10, 20.5f, 30.5f)),
                    new DetectedObject(3, "class 3", 0.9f, new(1, 2, 3, 4)));
        }
    }
}
