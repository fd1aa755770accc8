using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Detection.Filtering;

/// <summary>
/// Which detections count: classes, score thresholds of single classes, and regions. Filters that say the same are equal, in whatever
/// order they say it.
/// </summary>
public sealed class DetectionFilter : IEquatable<DetectionFilter>
{
    /// <summary>The most regions.</summary>
    public const int MaxRegions = 1000;

    /// <summary>The most corners of all regions together.</summary>
    public const int MaxCorners = 10_000;

    private readonly SortedDictionary<string, float> _thresholds;
    private readonly string _text;

    /// <summary>Makes a filter.</summary>
    /// <param name="classes">Names of the only classes that count; null or empty for all.</param>
    /// <param name="classThresholds">
    /// Score thresholds of single classes, 0 to 1: a detection's score has to be greater. Classes that are not named here have
    /// <see cref="Detectors.DetectorOptions.ScoreThreshold"/>. Null for none.
    /// </param>
    /// <param name="regions">Where detections count; null or empty for the whole image.</param>
    /// <exception cref="FilterException"><see cref="FilterErrorCodes.Invalid"/>.</exception>
    public DetectionFilter(
        IEnumerable<string>? classes = null,
        IEnumerable<KeyValuePair<string, float>>? classThresholds = null,
        IEnumerable<Region>? regions = null)
    {
        Classes = [.. (classes ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        _thresholds = new SortedDictionary<string, float>(StringComparer.Ordinal);
        foreach (var (name, threshold) in classThresholds ?? [])
        {
            Require(threshold is >= 0 and <= 1, "classThresholds", "scores of 0 to 1", $"{threshold} for '{name}'");
            _thresholds[name] = threshold;
        }

        Regions = [.. regions ?? []];
        Require(Regions.Count <= MaxRegions, "regions", $"at most {MaxRegions}", $"{Regions.Count}");
        var corners = Regions.Sum(region => (long)(region?.Polygon?.Count ?? 0));
        Require(corners <= MaxCorners, "regions", $"at most {MaxCorners} corners", $"{corners}");
        foreach (var region in Regions)
        {
            Require(region?.Polygon is { Count: >= 3 }, "regions", "polygons of at least 3 corners", $"{region?.Polygon?.Count ?? 0}");
            Require(
                region!.Polygon.All(point => float.IsFinite(point.X) && float.IsFinite(point.Y)), "regions", "finite corners", "another");
            Require(
                !region.Relative || region.Polygon.All(point => point is { X: >= 0 and <= 1, Y: >= 0 and <= 1 }),
                "regions",
                "corners of 0 to 1 in a relative region",
                "another");
            Require(region.Images is null or { Length: > 0 }, "regions", "a pattern of image names, or none", "an empty one");
        }

        var regionsText = Regions.Count == 0 ? "" : JsonSerializer.Serialize(Regions, FilterJson.Default.IReadOnlyListRegion);
        RegionsSha256 = Regions.Count == 0 ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(regionsText)));
        _text = $"{Classes.Count}{JsonSerializer.Serialize(Classes, FilterJson.Default.IReadOnlyListString)}"
            + $"{JsonSerializer.Serialize(_thresholds, FilterJson.Default.SortedDictionaryStringSingle)}{RegionsSha256}";
    }

    /// <summary>Names of the only classes that count, in ordinal order; empty for all.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Score thresholds of single classes, by name in ordinal order.</summary>
    public IReadOnlyDictionary<string, float> ClassThresholds => _thresholds;

    /// <summary>Where detections count; empty for the whole image.</summary>
    public IReadOnlyList<Region> Regions { get; }

    /// <summary>SHA-256 of the regions as JSON, 64 lower-case hex digits; null without regions.</summary>
    public string? RegionsSha256 { get; }

    /// <summary>Whether every detection above the score threshold counts.</summary>
    public bool IsEmpty => Classes.Count == 0 && _thresholds.Count == 0 && Regions.Count == 0;

    /// <inheritdoc/>
    public bool Equals(DetectionFilter? other) => other is not null && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DetectionFilter);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The score threshold of each class of a model, in the order of its classes; infinity for one that does not count.</summary>
    /// <param name="classNames">The model's classes.</param>
    /// <param name="scoreThreshold">Of classes that have none of their own.</param>
    /// <returns>Null where every class has <paramref name="scoreThreshold"/>.</returns>
    /// <exception cref="FilterException"><see cref="FilterErrorCodes.UnknownClass"/>.</exception>
    internal float[]? ThresholdsFor(IReadOnlyList<string> classNames, float scoreThreshold)
    {
        var known = classNames.ToHashSet(StringComparer.Ordinal);
        if (Classes.Concat(_thresholds.Keys).FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            throw new FilterException(
                FilterErrorCodes.UnknownClass,
                $"expected classes of the model ({Some(classNames)}), found '{unknown}'; names have to be the same, case included.");
        }

        if (Classes.Count == 0 && _thresholds.Count == 0)
        {
            return null;
        }

        var counting = Classes.Count == 0 ? known : [.. Classes];
        return [.. classNames.Select(name => !counting.Contains(name) ? float.PositiveInfinity
            : _thresholds.TryGetValue(name, out var own) ? own : scoreThreshold)];
    }

    /// <summary>Those detections of an image that lie in its regions, at most so many.</summary>
    internal DetectedObject[] Keep(DetectedObject[] detections, string? image, int width, int height, int most)
    {
        Region[] regions = [.. Regions.Where(region => region.IsOf(image))];
        return regions.Length == 0
            ? detections.Length <= most ? detections : detections[..most]
            : [.. detections.Where(found => Array.Exists(regions, region => region.Holds(found.Box, width, height))).Take(most)];
    }

    private static string Some(IReadOnlyList<string> names) => string.Join(", ", names.Take(10)) + (names.Count > 10 ? ", ..." : "");

    private static void Require(bool holds, string name, string expected, string found)
    {
        if (!holds)
        {
            throw new FilterException(FilterErrorCodes.Invalid, $"{name}: expected {expected}, found {found}.");
        }
    }
}
