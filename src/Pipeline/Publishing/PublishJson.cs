using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>Source-generated JSON of reports: for people, so it is indented and leaves out what there is not.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(PublishReport))]
public sealed partial class PublishJson : JsonSerializerContext;
