using System.Diagnostics.CodeAnalysis;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Detection.Detectors;

/// <summary>What became of one image: detections, or an error.</summary>
public sealed record DetectionOutcome
{
    /// <summary>Columns after EXIF orientation, in pixels; null when the image was not decoded.</summary>
    public int? Width { get; init; }

    /// <summary>Rows after EXIF orientation, in pixels; null when the image was not decoded.</summary>
    public int? Height { get; init; }

    /// <summary>The detections, highest score first, possibly none; null on an error.</summary>
    public IReadOnlyList<DetectedObject>? Detections { get; init; }

    /// <summary>What was found amiss in an image that was detected all the same; null for nothing.</summary>
    public IReadOnlyList<DetectionNote>? Notes { get; init; }

    /// <summary>Why there are no detections; null when there are.</summary>
    public DetectionError? Error { get; init; }

    /// <summary>How many images shared the run of the model, this one included; 0 when the image came to none.</summary>
    public int RunSize { get; init; }

    /// <summary>How long each stage took; 0 for stages that were not reached.</summary>
    public StageTimings Timings { get; init; }

    /// <summary>True when there are detections, even if the list is empty.</summary>
    [MemberNotNullWhen(true, nameof(Detections), nameof(Width), nameof(Height))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool Succeeded => Error is null;
}
