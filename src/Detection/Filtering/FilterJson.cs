using System.Text.Json.Serialization;

namespace Nanodet.Detection.Filtering;

/// <summary>Source-generated JSON of filters: camel case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<Region>))]
[JsonSerializable(typeof(SortedDictionary<string, float>))]
internal sealed partial class FilterJson : JsonSerializerContext;
