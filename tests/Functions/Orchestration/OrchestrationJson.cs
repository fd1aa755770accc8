using System.Text.Json;

namespace Nanodet.Serverless.Functions.Tests.Orchestration;

/// <summary>Values in histories, as the worker writes them: what does not survive this is lost at the next replay.</summary>
internal static class OrchestrationJson
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNameCaseInsensitive = true };

    public static string Write(object? value) => JsonSerializer.Serialize(value, Options);

    public static T Read<T>(string? json) => JsonSerializer.Deserialize<T>(json ?? "null", Options)!;
}
