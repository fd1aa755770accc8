using System.Text.Json.Serialization;

namespace Nanodet.Detection.Results;

/// <summary>What became of an image. In JSON: <c>detected</c> or <c>failed</c>.</summary>
[JsonConverter(typeof(DetectionStatusConverter))]
public enum DetectionStatus
{
    /// <summary>The result has detections, maybe none.</summary>
    Detected,

    /// <summary>The result has an error.</summary>
    Failed,
}
