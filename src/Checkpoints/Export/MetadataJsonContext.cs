using System.Text.Json.Serialization;

namespace Nanodet.Checkpoints.Export;

/// <summary>The lists that stand in a model's metadata.</summary>
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<int>))]
[JsonSerializable(typeof(IReadOnlyList<double>))]
internal sealed partial class MetadataJsonContext : JsonSerializerContext;
