using System.Text.Json;

namespace Nanodet.Serverless.Viewer;

/// <summary>What the page is told about whoever serves it: <c>config.json</c> beside the page.</summary>
public static class ViewerConfig
{
    /// <summary>The path of the document, beside the files.</summary>
    public const string Path = "config.json";

    /// <summary>Its media type.</summary>
    public const string ContentType = "application/json; charset=utf-8";

    /// <summary>The document of an app: everything can be done.</summary>
    /// <param name="formats">Names of the formats of exports.</param>
    public static ReadOnlyMemory<byte> OfApp(IEnumerable<string> formats) => Of(isReadOnly: false, job: null, title: null, formats);

    /// <summary>The document of a program that shows results and nothing else.</summary>
    /// <param name="job">The job whose results are shown, or null.</param>
    /// <param name="title">What is shown, for people.</param>
    /// <param name="formats">Names of the formats of exports.</param>
    public static ReadOnlyMemory<byte> OfResults(string? job, string title, IEnumerable<string> formats) =>
        Of(isReadOnly: true, job, title, formats);

    private static byte[] Of(bool isReadOnly, string? job, string? title, IEnumerable<string> formats)
    {
        ArgumentNullException.ThrowIfNull(formats);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteBoolean("readOnly"u8, isReadOnly);
            writer.WriteString("job"u8, job);
            writer.WriteString("title"u8, title);
            writer.WriteStartArray("formats"u8);
            foreach (var format in formats)
            {
                writer.WriteStringValue(format);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
