using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Source-generated JSON of what nobody outside of this assembly reads: camel case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StagedImage))]
[JsonSerializable(typeof(DeadLetter))]
[JsonSerializable(typeof(BegunBatch))]
internal sealed partial class StagingJson : JsonSerializerContext;
