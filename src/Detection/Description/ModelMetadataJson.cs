using System.Text.Json.Serialization;

namespace Nanodet.Detection.Description;

[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(double[]))]
internal sealed partial class ModelMetadataJson : JsonSerializerContext;
