using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>Source-generated JSON of the warm model: camel case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(WarmModelStatus))]
public sealed partial class ServingJson : JsonSerializerContext;
