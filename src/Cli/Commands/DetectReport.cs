using Nanodet.Serverless.Pipeline.Results;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet detect</c>.</summary>
internal sealed record DetectReport
{
    /// <summary>The model.</summary>
    public required ResultModel Model { get; init; }

    /// <summary>What ran it.</summary>
    public required string Provider { get; init; }

    /// <summary>Why a wished provider was not used; null where it was.</summary>
    public required string? ProviderNote { get; init; }

    /// <summary>One entry per image, in the order of their names.</summary>
    public required IReadOnlyList<DetectedImage> Images { get; init; }

    /// <summary>Images with a result.</summary>
    public required int Detected { get; init; }

    /// <summary>Images with an error.</summary>
    public required int Failed { get; init; }

    /// <summary>Files of the folder that were left alone because their names do not end like images.</summary>
    public required int Ignored { get; init; }

    /// <summary>Time to load and verify the model, in milliseconds.</summary>
    public required double LoadMs { get; init; }

    /// <summary>Time from the first image to the last result, in milliseconds.</summary>
    public required double DetectMs { get; init; }
}
