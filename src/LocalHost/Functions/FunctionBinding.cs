using System.Text.Json;
using Microsoft.Azure.WebJobs;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>One binding of a function, as the worker describes it in JSON.</summary>
internal sealed class FunctionBinding
{
    private readonly Dictionary<string, JsonElement> _properties;

    private FunctionBinding(Dictionary<string, JsonElement> properties) => _properties = properties;

    public string Name => Value("name") ?? string.Empty;

    public string Type => Value("type") ?? string.Empty;

    public bool IsTrigger => Type.EndsWith("Trigger", StringComparison.OrdinalIgnoreCase);

    public bool IsOutput => string.Equals(Value("direction"), "out", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// What the engine is asked for: a reference that the worker opens itself (clients, streams and bytes of a blob), bytes, or text.
    /// </summary>
    public Type ValueType
    {
        get
        {
            var deferred = _properties.TryGetValue("properties", out var more)
                && more.ValueKind == JsonValueKind.Object
                && more.TryGetProperty("supportsDeferredBinding", out var flag)
                && string.Equals(flag.ToString(), "true", StringComparison.OrdinalIgnoreCase);
            return deferred ? typeof(ParameterBindingData)
                : string.Equals(Value("dataType"), "binary", StringComparison.OrdinalIgnoreCase) ? typeof(byte[])
                : typeof(string);
        }
    }

    public static FunctionBinding Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return new FunctionBinding(document.RootElement.Clone().EnumerateObject()
            .ToDictionary(property => property.Name, property => property.Value, StringComparer.OrdinalIgnoreCase));
    }

    public bool Is(string type) => string.Equals(Type, type, StringComparison.OrdinalIgnoreCase);

    public string? Value(string property) =>
        _properties.TryGetValue(property, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    public bool? Flag(string property) => bool.TryParse(Value(property), out var flag) ? flag : null;

    public IReadOnlyList<string> List(string property) =>
        _properties.TryGetValue(property, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(item => item.ToString())]
            : [];
}
