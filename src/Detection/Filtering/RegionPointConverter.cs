using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nanodet.Detection.Filtering;

/// <summary>Writes a <see cref="RegionPoint"/> as an array of two numbers, and reads nothing else.</summary>
public sealed class RegionPointConverter : JsonConverter<RegionPoint>
{
    private const string Expected = "expected a corner as [x, y], two finite numbers";

    /// <inheritdoc/>
    public override RegionPoint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException($"{Expected}, found {reader.TokenType}.");
        }

        var point = new RegionPoint(Number(ref reader), Number(ref reader));
        return reader.Read() && reader.TokenType == JsonTokenType.EndArray ? point : throw new JsonException($"{Expected}, found more.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, RegionPoint value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartArray();
        writer.WriteNumberValue(value.X);
        writer.WriteNumberValue(value.Y);
        writer.WriteEndArray();
    }

    private static float Number(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetSingle(out var number) && float.IsFinite(number)
            ? number
            : throw new JsonException($"{Expected}, found {reader.TokenType}.");
}
