using System.Text.Json.Serialization;

namespace Nanodet.Detection.Filtering;

/// <summary>A corner of a <see cref="Region"/>. In JSON: <c>[x, y]</c>.</summary>
/// <param name="X">Pixels of the image from its left edge, or a share of its width.</param>
/// <param name="Y">Pixels of the image from its top edge, or a share of its height.</param>
[JsonConverter(typeof(RegionPointConverter))]
public readonly record struct RegionPoint(float X, float Y);
