using Nanodet.Detection.Forms;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet detect</c>.</summary>
internal sealed record DetectReport
{
    /// <summary>Which form of the model detected, and why this one; null for a model of one file, and for a running app's.</summary>
    public FormChoice? Form { get; init; }

    /// <summary>The model; null where every image failed before one was chosen.</summary>
    public required ResultModel? Model { get; init; }

    /// <summary>What ran it; null where none did.</summary>
    public required string? Provider { get; init; }

    /// <summary>Why a wished provider was not used; null where it was.</summary>
    public required string? ProviderNote { get; init; }

    /// <summary>
    /// One entry per image, in the order of their names; none with <c>--quiet</c>, and for people none where there are many.
    /// </summary>
    public required IReadOnlyList<DetectedImage> Images { get; init; }

    /// <summary>Images with a result.</summary>
    public required int Detected { get; init; }

    /// <summary>Images with an error.</summary>
    public required int Failed { get; init; }

    /// <summary>Images whose result was there already; part of the two counts before.</summary>
    public int Kept { get; init; }

    /// <summary>Detections by name of the class.</summary>
    public required IReadOnlyDictionary<string, long> DetectionsByClass { get; init; }

    /// <summary>Failed images by code.</summary>
    public required IReadOnlyDictionary<string, long> FailuresByCode { get; init; }

    /// <summary>The export that was asked for; null where each image has a file.</summary>
    public ResultsExportReport? Export { get; init; }

    /// <summary>Files of the folder that were left alone because their names do not end like images.</summary>
    public required int Ignored { get; init; }

    /// <summary>The job that detected them; null where this program did.</summary>
    public string? JobId { get; init; }

    /// <summary>Time to load and verify the model, in milliseconds; null where a running app has it.</summary>
    public required double? LoadMs { get; init; }

    /// <summary>Time from the first image, or its upload, to the last result, in milliseconds.</summary>
    public required double DetectMs { get; init; }
}
