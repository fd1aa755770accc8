using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>A number for a count, a text for a percentage.</summary>
internal sealed class ErrorThresholdConverter : JsonConverter<ErrorThreshold>
{
    /// <inheritdoc/>
    public override ErrorThreshold Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ErrorThreshold value, JsonSerializerOptions options) =>
        throw new NotImplementedException();
}
