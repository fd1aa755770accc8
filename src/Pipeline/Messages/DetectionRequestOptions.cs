using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>How some images are to be detected, where that differs from the app's settings. Null stands for the app's value.</summary>
public sealed record DetectionRequestOptions
{
    /// <summary>A detection's score has to be greater.</summary>
    /// <value>0 to 1, or null.</value>
    [Range(0.0, 1.0)]
    public float? ScoreThreshold { get; init; }

    /// <summary>Of two boxes of a class whose IoU is greater, the one with the lower score goes.</summary>
    /// <value>0 to 1, or null.</value>
    [Range(0.0, 1.0)]
    public float? IouThreshold { get; init; }

    /// <summary>The most detections of an image.</summary>
    /// <value>1 to 1000, or null.</value>
    [Range(1, 1000)]
    public int? MaxDetections { get; init; }

    /// <summary>Decode large JPEGs at a part of their size: faster, and a little different.</summary>
    /// <value>True, false, or null.</value>
    public bool? FastDecode { get; init; }

    /// <summary>The model that has to serve: its name, its version, <c>name/version</c>, or its SHA-256.</summary>
    /// <value>Null for whatever the worker serves.</value>
    [StringLength(256, MinimumLength = 1)]
    public string? Model { get; init; }
}
