using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nanodet.Detection.Slicing;

/// <summary>Writes a <see cref="SliceMerge"/> as its name in lower case, and reads nothing else.</summary>
public sealed class SliceMergeConverter()
    : JsonStringEnumConverter<SliceMerge>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
{
    /// <summary>The value as JSON has it.</summary>
    /// <param name="merge">The value.</param>
    public static string Text(SliceMerge merge) => merge == SliceMerge.Greedy ? "greedy" : "nms";

    /// <summary>The value of a text, or null for a text that is none.</summary>
    /// <param name="text">The text.</param>
    public static SliceMerge? Find(string? text) => text switch
    {
        "nms" => SliceMerge.Nms,
        "greedy" => SliceMerge.Greedy,
        _ => null,
    };
}
