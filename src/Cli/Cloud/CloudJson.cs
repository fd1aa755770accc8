using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>What is kept about a running app.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(CloudAddress))]
internal sealed partial class CloudJson : JsonSerializerContext;
