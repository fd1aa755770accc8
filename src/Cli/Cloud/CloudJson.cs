using System.Text.Json.Serialization;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>What is kept about a running app, and what it answers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(CloudAddress))]
[JsonSerializable(typeof(JobsReport))]
[JsonSerializable(typeof(AppResultPage))]
[JsonSerializable(typeof(StoredList))]
internal sealed partial class CloudJson : JsonSerializerContext;
