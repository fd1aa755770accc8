using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Slicing;

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

    /// <summary>Look at overlapping tiles of the image, too, and merge: for small objects in large images.</summary>
    /// <value>Null for the app's value.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SliceOptions? Slices { get; init; }

    /// <summary>Names of the only classes that count.</summary>
    /// <value>Null for all.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>Score thresholds of single classes, by name; the others have <see cref="ScoreThreshold"/>.</summary>
    /// <value>0 to 1 each, or null.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, float>? ClassThresholds { get; init; }

    /// <summary>Where detections count, by the centre of their box.</summary>
    /// <value>Null for whole images.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Region>? Regions { get; init; }

    /// <summary>Whether two requests ask for the same, whoever read them.</summary>
    /// <param name="other">Another request, or null.</param>
    public bool Equals(DetectionRequestOptions? other) => other is not null && (ReferenceEquals(this, other) || (
        ScoreThreshold == other.ScoreThreshold
        && IouThreshold == other.IouThreshold
        && MaxDetections == other.MaxDetections
        && FastDecode == other.FastDecode
        && Model == other.Model
        && Slices == other.Slices
        && (HasFilter ? other.HasFilter && FilterText() == other.FilterText() : !other.HasFilter)));

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(ScoreThreshold, IouThreshold, MaxDetections, FastDecode, Model, Slices, HasFilter);

    private bool HasFilter => Classes is not null || ClassThresholds is not null || Regions is not null;

    /// <summary>The filter of the request; null where it has none.</summary>
    /// <exception cref="FilterException"><see cref="FilterErrorCodes.Invalid"/>.</exception>
    internal DetectionFilter? ToFilter() =>
        HasFilter && new DetectionFilter(Classes, ClassThresholds, Regions) is { IsEmpty: false } filter ? filter : null;

    private string FilterText() => JsonSerializer.Serialize(
        new DetectionRequestOptions { Classes = Classes, ClassThresholds = ClassThresholds, Regions = Regions },
        MessageJson.Default.DetectionRequestOptions);
}
