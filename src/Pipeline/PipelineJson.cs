using System.Text.Json.Serialization;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Models;

namespace Nanodet.Serverless.Pipeline;

/// <summary>Source-generated JSON of messages, lists, jobs and states: camel case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ImageMessage))]
[JsonSerializable(typeof(BatchMessage))]
[JsonSerializable(typeof(BatchDetected))]
[JsonSerializable(typeof(BatchCounts))]
[JsonSerializable(typeof(JobRequest))]
[JsonSerializable(typeof(JobDefinition))]
[JsonSerializable(typeof(JobProgress))]
[JsonSerializable(typeof(JobStatus))]
[JsonSerializable(typeof(JobManifest))]
[JsonSerializable(typeof(ModelPointer))]
[JsonSerializable(typeof(WarmModelStatus))]
public sealed partial class PipelineJson : JsonSerializerContext;
