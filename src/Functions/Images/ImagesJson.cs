using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Functions.Images;

/// <summary>Source-generated JSON of what the engines write.</summary>
[JsonSerializable(typeof(PoisonedBlob))]
internal sealed partial class ImagesJson : JsonSerializerContext;
