using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>A job's results in one format.</summary>
public sealed record JobOutput
{
    /// <summary>Name of the format, such as <c>coco</c>.</summary>
    public required string Format { get; init; }

    /// <summary>Blobs in container <c>jobs</c>, one for each file of results; what belongs to one is named after it.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Images in them, failed ones included.</summary>
    public long Images { get; init; }

    /// <summary>Detections in them.</summary>
    public long Detections { get; init; }

    /// <summary>Images that are not in them, because the format has no place for what became of them.</summary>
    public long LeftOut { get; init; }

    /// <summary>Why files are missing; null where none is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>Adds the counts of parts, format by format. Pure, so that an orchestrator may call it.</summary>
    /// <param name="parts">The counts of each part.</param>
    public static IReadOnlyList<JobOutput> Sum(IEnumerable<JobOutput> parts) =>
    [
        .. parts.GroupBy(part => part.Format).Select(format => new JobOutput
        {
            Format = format.Key,
            Files = [.. format.SelectMany(part => part.Files)],
            Images = format.Sum(part => part.Images),
            Detections = format.Sum(part => part.Detections),
            LeftOut = format.Sum(part => part.LeftOut),
            Error = format.Select(part => part.Error).FirstOrDefault(error => error is not null),
        }),
    ];
}
