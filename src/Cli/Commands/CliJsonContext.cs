using System.Text.Json.Serialization;
using Nanodet.Serverless.Cli.Cloud;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answers of the commands as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ExportReport))]
[JsonSerializable(typeof(InspectReport))]
[JsonSerializable(typeof(DetectReport))]
[JsonSerializable(typeof(EvalReport))]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(ModelsReport))]
[JsonSerializable(typeof(DemoModelReport))]
[JsonSerializable(typeof(UpReport))]
[JsonSerializable(typeof(DownReport))]
[JsonSerializable(typeof(FailureReport))]
[JsonSerializable(typeof(JobsReport))]
[JsonSerializable(typeof(JobFailuresReport))]
[JsonSerializable(typeof(JobResultsReport))]
[JsonSerializable(typeof(ResultsExportReport))]
internal sealed partial class CliJsonContext : JsonSerializerContext;
