using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.JobEnds;

/// <summary>Source-generated JSON of the ends of jobs: camel case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(JobEndEvent))]
[JsonSerializable(typeof(JobEndData))]
[JsonSerializable(typeof(JobEndLetter))]
internal sealed partial class JobEndJson : JsonSerializerContext;
