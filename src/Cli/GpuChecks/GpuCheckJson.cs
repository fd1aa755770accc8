using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Cli.GpuChecks;

/// <summary>The answer of <c>nanodet gpu-check</c> as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(GpuCheckReport))]
internal sealed partial class GpuCheckJson : JsonSerializerContext;
