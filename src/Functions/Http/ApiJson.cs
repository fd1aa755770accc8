using System.Text.Json.Serialization;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Reading;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>Source-generated JSON of the API: camel case, nulls written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(CurrentModel))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(HealthSummary))]
[JsonSerializable(typeof(ImageLink))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(JobStatus))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(RollbackRequest))]
[JsonSerializable(typeof(StoredList))]
internal sealed partial class ApiJson : JsonSerializerContext;
