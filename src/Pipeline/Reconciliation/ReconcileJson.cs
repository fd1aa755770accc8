using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Reconciliation;

/// <summary>Source-generated JSON of the progress.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReconcileProgress))]
internal sealed partial class ReconcileJson : JsonSerializerContext;
