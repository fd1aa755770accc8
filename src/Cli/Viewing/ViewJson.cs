using System.Text.Json.Serialization;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Pipeline.Reading;

namespace Nanodet.Serverless.Cli.Viewing;

/// <summary>What the viewer's server answers, as the app does.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ImageLink))]
[JsonSerializable(typeof(JobsReport))]
[JsonSerializable(typeof(ViewReport))]
internal sealed partial class ViewJson : JsonSerializerContext;
