using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nanodet.Detection.Results;

/// <summary>Writes a <see cref="DetectionStatus"/> as its name in lower case, and reads nothing else.</summary>
public sealed class DetectionStatusConverter()
    : JsonStringEnumConverter<DetectionStatus>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
{
    /// <summary>A status as JSON and metadata have it.</summary>
    /// <param name="status">The status.</param>
    public static string Text(DetectionStatus status) => status == DetectionStatus.Detected ? "detected" : "failed";

    /// <summary>The status of a text, or null for a text that is none.</summary>
    /// <param name="text">The text.</param>
    public static DetectionStatus? Find(string? text) => text switch
    {
        "detected" => DetectionStatus.Detected,
        "failed" => DetectionStatus.Failed,
        _ => null,
    };
}
