using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Bench;

/// <summary>Figures as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(List<Figure>))]
internal sealed partial class BenchJsonContext : JsonSerializerContext;
