using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Models;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ParityFixtureData))]
internal sealed partial class ParityFixtureJson : JsonSerializerContext;
