using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>
/// What a person wrote by hand, field by field, before it is read: a field that nobody knows is a typing error and would be ignored, and
/// one of another kind is named as the sender wrote it.
/// </summary>
internal static class JsonFields
{
    /// <summary>The first field that the type does not have, or that has a value of another kind; null when there is none.</summary>
    /// <param name="element">JSON of any kind.</param>
    /// <param name="type">What it has to be: its names are those of the JSON.</param>
    /// <param name="path">The field that has the element; empty for a whole document.</param>
    internal static string? FindProblem(JsonElement element, JsonTypeInfo type, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return $"{(path.Length == 0 ? "request" : path)}: expected an object, found {Describe(element)}";
        }

        foreach (var field in element.EnumerateObject())
        {
            var name = NameOf(field);
            var fieldPath = path.Length == 0 ? BlobNames.Show(name) : $"{path}.{BlobNames.Show(name)}";
            if (type.Properties.FirstOrDefault(property => property.Name == name) is not { } known)
            {
                var names = string.Join(", ", type.Properties.Select(property => property.Name));
                return $"{fieldPath}: there is no such field; the fields are {names}";
            }

            if (FindProblem(field.Value, known, fieldPath) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    /// <summary>A value as the sender wrote it, not too long.</summary>
    internal static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => BlobNames.Show(value.GetRawText()),
    };

    private static string? FindProblem(JsonElement value, JsonPropertyInfo known, string path)
    {
        var type = Nullable.GetUnderlyingType(known.PropertyType) ?? known.PropertyType;
        if (value.ValueKind == JsonValueKind.Null)
        {
            return type.IsValueType && type == known.PropertyType ? $"{path}: expected a value, found null" : null;
        }

        var (isOfKind, expected) = Type.GetTypeCode(type) switch
        {
            TypeCode.String => (IsText(value), "a text of whole characters"),
            TypeCode.Boolean => (value.ValueKind is JsonValueKind.True or JsonValueKind.False, "true or false"),
            TypeCode.Int32 when !type.IsEnum => (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _), "a whole number"),
            TypeCode.Single => (IsNumber(value), "a number"),
            _ => (true, string.Empty),
        };
        if (type == typeof(TextList))
        {
            (isOfKind, expected) = (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(IsText), "an array of texts");
        }

        if (!isOfKind)
        {
            return $"{path}: expected {expected}, found {Describe(value)}";
        }

        // A value type of its own has a converter that knows better.
        return Type.GetTypeCode(type) == TypeCode.Object && !type.IsValueType
            ? FindProblemOfKind(value, known.Options.GetTypeInfo(type), path)
            : null;
    }

    private static string? FindProblemOfKind(JsonElement value, JsonTypeInfo type, string path) => type.Kind switch
    {
        JsonTypeInfoKind.Enumerable when value.ValueKind != JsonValueKind.Array =>
            $"{path}: expected an array, found {Describe(value)}",
        JsonTypeInfoKind.Enumerable => FirstProblem(
            value.EnumerateArray().Select((element, index) => (element, $"{path}[{index}]")), type),
        JsonTypeInfoKind.Dictionary when value.ValueKind != JsonValueKind.Object =>
            $"{path}: expected an object, found {Describe(value)}",
        JsonTypeInfoKind.Dictionary => FirstProblem(
            value.EnumerateObject().Select(field => (field.Value, $"{path}.{BlobNames.Show(NameOf(field))}")), type),
        _ => FindProblem(value, type, path),
    };

    private static string? FirstProblem(IEnumerable<(JsonElement Value, string Path)> elements, JsonTypeInfo type) =>
        type.ElementType is { } element
            ? elements.Select(item => FindElementProblem(item.Value, type.Options.GetTypeInfo(element), item.Path))
                .FirstOrDefault(problem => problem is not null)
            : null;

    private static string? FindElementProblem(JsonElement value, JsonTypeInfo type, string path) => Type.GetTypeCode(type.Type) switch
    {
        TypeCode.String => IsText(value) ? null : $"{path}: expected a text of whole characters, found {Describe(value)}",
        TypeCode.Single => IsNumber(value) ? null : $"{path}: expected a number, found {Describe(value)}",
        TypeCode.Object when !type.Type.IsValueType => FindProblemOfKind(value, type, path),
        _ => null,
    };

    private static bool IsNumber(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out var number) && float.IsFinite(number);

    private static bool IsText(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String && value.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return false;
        }
    }

    private static string NameOf(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            return field.ToString();
        }
    }
}
