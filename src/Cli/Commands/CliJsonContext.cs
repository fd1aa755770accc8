using System.Text.Json.Serialization;

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
[JsonSerializable(typeof(FailureReport))]
internal sealed partial class CliJsonContext : JsonSerializerContext;
