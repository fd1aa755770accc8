using System.Text.Json.Serialization;

namespace Nanodet.Detection.Forms;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(FormManifestData))]
internal sealed partial class FormManifestJson : JsonSerializerContext;
