using System.Text.Json;
using System.Text.Json.Serialization;
using Nanodet.Detection.Filtering;

namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>Files of <c>--thresholds</c> and <c>--regions</c>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(Dictionary<string, float>))]
[JsonSerializable(typeof(Region[]))]
internal sealed partial class ChoiceJson : JsonSerializerContext;
