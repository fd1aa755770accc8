using System.Buffers;
using System.Text.Json;

namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>Some results, and where the next ones are.</summary>
/// <param name="Items">
/// Result documents as UTF-8 JSON, in the order of the job or of the names. There may be none although more follow: a call does a bounded
/// amount of work.
/// </param>
/// <param name="Continuation">What the next call gives; null after the last result.</param>
/// <param name="Total">Results of the whole job, whatever the conditions; null where that is not known.</param>
public sealed record ResultPage(IReadOnlyList<ReadOnlyMemory<byte>> Items, string? Continuation, long? Total)
{
    /// <summary>The page as JSON.</summary>
    public byte[] ToUtf8Json()
    {
        var buffer = new ArrayBufferWriter<byte>(Items.Sum(item => item.Length + 1) + 256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items"u8);
            foreach (var item in Items)
            {
                writer.WriteRawValue(item.Span, skipInputValidation: true);
            }

            writer.WriteEndArray();
            writer.WriteString("continuation"u8, Continuation);
            if (Total is { } total)
            {
                writer.WriteNumber("total"u8, total);
            }
            else
            {
                writer.WriteNull("total"u8);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
