using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>A number for a count, a text for a percentage.</summary>
internal sealed class ErrorThresholdConverter : JsonConverter<ErrorThreshold>
{
    /// <inheritdoc/>
    public override ErrorThreshold Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return reader.TokenType switch
            {
                JsonTokenType.Number when reader.TryGetDouble(out var value) =>
                    ErrorThreshold.Create(value, isPercent: false, value.ToString("R", CultureInfo.InvariantCulture)),
                JsonTokenType.String => ErrorThreshold.Parse(reader.GetString()!),
                _ => throw new JsonException($"errorThreshold: expected a number or a text, found {reader.TokenType}."),
            };
        }
        catch (PipelineException exception)
        {
            throw new JsonException(exception.Message, exception);
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ErrorThreshold value, JsonSerializerOptions options)
    {
        if (value.IsPercent)
        {
            writer.WriteStringValue(value.ToString());
        }
        else
        {
            writer.WriteNumberValue(value.Value);
        }
    }
}
