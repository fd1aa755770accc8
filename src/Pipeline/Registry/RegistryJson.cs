using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>Source-generated JSON of the registry: camel case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ModelPointer))]
public sealed partial class RegistryJson : JsonSerializerContext;
