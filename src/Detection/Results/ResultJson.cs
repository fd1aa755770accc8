using System.Text.Json.Serialization;

namespace Nanodet.Detection.Results;

/// <summary>Source-generated JSON of results: camel case, nulls written unless a property says otherwise.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DetectionResult))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(SortedDictionary<string, float>))]
internal sealed partial class ResultJson : JsonSerializerContext;
