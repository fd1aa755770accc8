using System.Text.Json.Serialization;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Commands;

namespace Nanodet.Serverless.Cli.Output;

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
[JsonSerializable(typeof(CloudAddress))]
internal sealed partial class CliJsonContext : JsonSerializerContext;
