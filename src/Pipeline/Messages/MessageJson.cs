using System.Text.Json.Serialization;
using Nanodet.Detection.Filtering;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>Source-generated JSON of messages and lists: camel case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ImageMessage))]
[JsonSerializable(typeof(BatchMessage))]
[JsonSerializable(typeof(BatchDetected))]
[JsonSerializable(typeof(BatchCounts))]
[JsonSerializable(typeof(IReadOnlyList<Region>))]
public sealed partial class MessageJson : JsonSerializerContext;
