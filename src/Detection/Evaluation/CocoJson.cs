using System.Text.Json.Serialization;

namespace Nanodet.Detection.Evaluation;

/// <summary>Reads files of annotations and of results.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CocoFile))]
[JsonSerializable(typeof(CocoFileResult))]
internal sealed partial class CocoJson : JsonSerializerContext;
