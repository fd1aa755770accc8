using System.Text.Json.Serialization;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>Source-generated JSON of the API: camel case, nulls written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(HealthSummary))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(JobStatus))]
[JsonSerializable(typeof(ProblemDocument))]
internal sealed partial class ApiJson : JsonSerializerContext;
