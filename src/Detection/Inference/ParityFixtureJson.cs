using System.Text.Json.Serialization;

namespace Nanodet.Detection.Inference;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ParityFixtureData))]
internal sealed partial class ParityFixtureJson : JsonSerializerContext;
