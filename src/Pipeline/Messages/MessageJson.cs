using System.Text.Json.Serialization;

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
public sealed partial class MessageJson : JsonSerializerContext;
