using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Source-generated JSON of jobs: camel case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(JobRequest))]
[JsonSerializable(typeof(JobDefinition))]
[JsonSerializable(typeof(JobProgress))]
[JsonSerializable(typeof(JobStatus))]
[JsonSerializable(typeof(JobManifest))]
[JsonSerializable(typeof(JobKey))]
public sealed partial class JobJson : JsonSerializerContext;
