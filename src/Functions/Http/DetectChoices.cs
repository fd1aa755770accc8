using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Slicing;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>
/// The part of the query of <c>POST /api/detect</c> that slices the image and chooses among its detections: <c>slice</c>,
/// <c>overlap</c>, <c>merge</c>; <c>classes=person,car</c>; <c>thresholds=person:0.5,car:0.3</c>; <c>regions</c>, as the JSON of a job's
/// option.
/// </summary>
internal static class DetectChoices
{
    private const string Slice = "slice";
    private const string Overlap = "overlap";
    private const string Merge = "merge";
    private const string Classes = "classes";
    private const string Thresholds = "thresholds";
    private const string Regions = "regions";

    /// <summary>The names of the parameters.</summary>
    public static IReadOnlyList<string> Keys { get; } = [Slice, Overlap, Merge, Classes, Thresholds, Regions];

    /// <summary>Adds them to options.</summary>
    /// <param name="query">The query.</param>
    /// <param name="options">What the rest of the query says.</param>
    /// <param name="problem">What was expected and what was found.</param>
    public static bool TryAdd(IQueryCollection query, ref DetectionRequestOptions options, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        if (!Keys.Any(query.ContainsKey))
        {
            return true;
        }

        try
        {
            options = options with
            {
                Slices = ReadSlices(query),
                Classes = query[Classes] is [{ } classes] ? Split(Classes, classes) : null,
                ClassThresholds = query[Thresholds] is [{ } thresholds] ? ReadThresholds(thresholds) : null,
                Regions = query[Regions] is [{ } regions]
                    ? JsonSerializer.Deserialize(regions, MessageJson.Default.IReadOnlyListRegion)
                    : null,
            };
            _ = new DetectionFilter(options.Classes, options.ClassThresholds, options.Regions);
        }
        catch (JsonException exception)
        {
            problem = $"{Regions}: expected JSON such as [{{\"polygon\":[[0,0],[400,0],[400,300]]}}]: {exception.Message}";
        }
        catch (Exception exception) when (exception is ValidationException or FilterException)
        {
            problem = exception.Message;
        }

        return problem is null;
    }

    private static SliceOptions? ReadSlices(IQueryCollection query)
    {
        if (!query.TryGetValue(Slice, out var size))
        {
            return query.ContainsKey(Overlap) || query.ContainsKey(Merge)
                ? throw new ValidationException($"{(query.ContainsKey(Overlap) ? Overlap : Merge)}: expected it only with '{Slice}'.")
                : null;
        }

        var slices = new SliceOptions(
            int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var pixels)
                ? pixels
                : throw new ValidationException($"{Slice}: expected a whole number of pixels, found '{size}'."));
        if (query.TryGetValue(Overlap, out var overlap))
        {
            slices = slices with { Overlap = Number(Overlap, overlap) };
        }

        if (query.TryGetValue(Merge, out var merge))
        {
            slices = slices with
            {
                Merge = SliceMergeConverter.Find(merge)
                    ?? throw new ValidationException($"{Merge}: expected nms or greedy, found '{merge}'."),
            };
        }

        Validator.ValidateObject(slices, new ValidationContext(slices), validateAllProperties: true);
        return slices;
    }

    private static Dictionary<string, float> ReadThresholds(string text)
    {
        var thresholds = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var pair in Split(Thresholds, text))
        {
            var colon = pair.LastIndexOf(':');
            thresholds[colon > 0
                ? pair[..colon]
                : throw new ValidationException($"{Thresholds}: expected NAME:SCORE,... such as person:0.5, found '{pair}'.")] =
                Number(Thresholds, pair[(colon + 1)..]);
        }

        return thresholds;
    }

    private static string[] Split(string key, string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } names
            ? names
            : throw new ValidationException($"{key}: expected names with commas between them, found none.");

    private static float Number(string key, string? text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && float.IsFinite(number)
            ? number
            : throw new ValidationException($"{key}: expected a number, found '{text}'.");
}
