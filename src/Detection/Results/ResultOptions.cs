using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Slicing;

namespace Nanodet.Detection.Results;

/// <summary>The options that decide what a result holds.</summary>
/// <param name="ScoreThreshold">0 to 1; scores are greater.</param>
/// <param name="IouThreshold">Of NMS, 0 to 1.</param>
/// <param name="MaxDetections">The most detections of an image, 1 to 1000.</param>
/// <param name="FastDecode">Whether large JPEGs were reduced while they were decoded; not written where they were not.</param>
/// <param name="Tf32">Whether float32 was computed in TF32, on CUDA; not written where it was not.</param>
public sealed record ResultOptions(
    float ScoreThreshold,
    float IouThreshold,
    int MaxDetections,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool FastDecode = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Tf32 = false)
{
    /// <summary>How the image was sliced; absent where it was not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SliceOptions? Slices { get; init; }

    /// <summary>Names of the only classes that counted, in ordinal order; absent where all did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>Score thresholds of single classes; absent where none had one of its own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, float>? ClassThresholds { get; init; }

    /// <summary>SHA-256 of the regions (<see cref="DetectionFilter.RegionsSha256"/>); absent where there were none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Regions { get; init; }

    /// <summary>Takes what decides about a result from a detector's options.</summary>
    /// <param name="options">The detector's options.</param>
    public static ResultOptions From(DetectorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var isFast = options.FastDecode && options.Slices is null;
        return new ResultOptions(options.ScoreThreshold, options.IouThreshold, options.MaxDetections, isFast)
        {
            Slices = options.Slices,
            Classes = options.Filter is { Classes: { Count: > 0 } classes } ? classes : null,
            ClassThresholds = options.Filter is { ClassThresholds: { Count: > 0 } thresholds } ? thresholds : null,
            Regions = options.Filter?.RegionsSha256,
        };
    }

    /// <summary>Takes what decides about a result from a detector's options, and from how its model computes.</summary>
    /// <param name="options">The detector's options.</param>
    /// <param name="model">The model.</param>
    public static ResultOptions From(DetectorOptions options, NanodetModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return From(options) with { Tf32 = model.UsesTf32 };
    }

    /// <summary>
    /// Part of a result's identity: SHA-256, as 64 lower-case hex digits, of
    /// <c>v1;scoreThreshold=S;iouThreshold=I;maxDetections=M</c>, numbers in their shortest invariant form, and <c>;fastDecode=true</c>
    /// and <c>;tf32=true</c> behind it where that is so. Then, each where it is so, <c>;slices=SIZE,OVERLAP,MERGE</c>,
    /// <c>;classes=["a","b"]</c>, <c>;classThresholds={"a":0.5}</c> (JSON, names in ordinal order) and <c>;regions=SHA256</c>. The
    /// precision is not in it: the model's SHA-256 says it.
    /// </summary>
    internal string ComputeHash() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical())));

    /// <summary>Options that say the same are equal, in whatever order they name classes.</summary>
    /// <param name="other">Other options, or null.</param>
    public bool Equals(ResultOptions? other) => other is not null && (ReferenceEquals(this, other) || Canonical() == other.Canonical());

    /// <inheritdoc/>
    public override int GetHashCode() => Canonical().GetHashCode(StringComparison.Ordinal);

    private string Canonical()
    {
        var canonical = string.Create(
            CultureInfo.InvariantCulture,
            $"v1;scoreThreshold={ScoreThreshold:R};iouThreshold={IouThreshold:R};"
            + $"maxDetections={MaxDetections}{(FastDecode ? ";fastDecode=true" : "")}{(Tf32 ? ";tf32=true" : "")}");
        return Slices is null && Classes is null && ClassThresholds is null && Regions is null ? canonical : canonical + Choices();
    }

    private string Choices()
    {
        var text = new StringBuilder();
        if (Slices is { } slices)
        {
            text.Append(
                CultureInfo.InvariantCulture, $";slices={slices.Size},{slices.Overlap:R},{SliceMergeConverter.Text(slices.Merge)}");
        }

        if (Classes is not null)
        {
            string[] classes = [.. Classes.Order(StringComparer.Ordinal)];
            text.Append(";classes=").Append(JsonSerializer.Serialize(classes, ResultJson.Default.StringArray));
        }

        if (ClassThresholds is not null)
        {
            var thresholds = new SortedDictionary<string, float>(ClassThresholds.ToDictionary(), StringComparer.Ordinal);
            text.Append(";classThresholds=").Append(JsonSerializer.Serialize(thresholds, ResultJson.Default.SortedDictionaryStringSingle));
        }

        return Regions is null ? text.ToString() : text.Append(";regions=").Append(Regions).ToString();
    }
}
