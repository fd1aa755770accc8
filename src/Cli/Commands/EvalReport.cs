using System.Text.Json.Serialization;
using Nanodet.Detection.Evaluation;
using Nanodet.Detection.Results;
using Nanodet.Detection.Slicing;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet eval</c>.</summary>
internal sealed record EvalReport
{
    /// <summary>The model; absent where a file of detections was evaluated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ResultModel? Model { get; init; }

    /// <summary>What ran it; absent where a file of detections was evaluated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Provider { get; init; }

    /// <summary>The file of detections that was evaluated; absent where a model was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detections { get; init; }

    /// <summary>Images that were evaluated.</summary>
    public required int Images { get; init; }

    /// <summary>Images of the data set that the folder does not hold, or that cannot be read; they are not evaluated.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Classes of the model that no category of the data set is called like; what they detect is left out.</summary>
    public required IReadOnlyList<string> ClassesWithoutCategory { get; init; }

    /// <summary>Categories of the data set that no class of the model is called like; their objects count as missed.</summary>
    public required IReadOnlyList<string> CategoriesWithoutClass { get; init; }

    /// <summary>Score above which detections count.</summary>
    public required float ScoreThreshold { get; init; }

    /// <summary>Whether large JPEGs were reduced while they were decoded.</summary>
    public required bool FastDecode { get; init; }

    /// <summary>How images were sliced; absent where they were not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SliceOptions? Slices { get; init; }

    /// <summary>The 12 numbers.</summary>
    public required CocoMetrics Metrics { get; init; }

    /// <summary>What <c>--compare</c> names, on the same images; absent without it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EvalComparison? Compared { get; init; }

    /// <summary>Time for all images, in milliseconds.</summary>
    public required double ElapsedMs { get; init; }
}
