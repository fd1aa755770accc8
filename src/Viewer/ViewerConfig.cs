using System.Text.Json;

namespace Nanodet.Serverless.Viewer;

/// <summary>What the page is told about whoever serves it: <c>config.json</c> beside the page.</summary>
public static class ViewerConfig
{
    /// <summary>The path of the document, beside the files.</summary>
    public const string Path = "config.json";

    /// <summary>Its media type.</summary>
    public const string ContentType = "application/json; charset=utf-8";

    /// <summary>The document of an app: everything can be done that it has functions for.</summary>
    /// <param name="canDetect">Whether a photo can be detected at once: a coordinator has no model.</param>
    /// <param name="formats">Names of the formats of exports.</param>
    /// <param name="retryable">Codes of failures that another try may mend.</param>
    public static ReadOnlyMemory<byte> OfApp(bool canDetect, IEnumerable<string> formats, IEnumerable<string> retryable) =>
        Of(isReadOnly: false, canDetect, job: null, title: null, formats, retryable, compared: []);

    /// <summary>The document of a program that shows results and nothing else.</summary>
    /// <param name="job">The job whose results are shown, or null.</param>
    /// <param name="title">What is shown, for people.</param>
    /// <param name="formats">Names of the formats of exports.</param>
    /// <param name="retryable">Codes of failures that another try may mend.</param>
    /// <param name="compared">What can be compared: what the API calls it, and what people call it; empty for one set of results.</param>
    public static ReadOnlyMemory<byte> OfResults(
        string? job,
        string title,
        IEnumerable<string> formats,
        IEnumerable<string> retryable,
        IReadOnlyList<(string Job, string Title)> compared) =>
        Of(isReadOnly: true, canDetect: false, job, title, formats, retryable, compared);

    private static byte[] Of(
        bool isReadOnly,
        bool canDetect,
        string? job,
        string? title,
        IEnumerable<string> formats,
        IEnumerable<string> retryable,
        IReadOnlyList<(string Job, string Title)> compared)
    {
        ArgumentNullException.ThrowIfNull(formats);
        ArgumentNullException.ThrowIfNull(retryable);
        ArgumentNullException.ThrowIfNull(compared);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteBoolean("readOnly"u8, isReadOnly);
            writer.WriteBoolean("canDetect"u8, canDetect);
            writer.WriteString("job"u8, job);
            writer.WriteString("title"u8, title);
            WriteTexts(writer, "formats", formats);
            WriteTexts(writer, "retryable", retryable);
            writer.WriteStartArray("compared"u8);
            foreach (var (id, text) in compared)
            {
                writer.WriteStartObject();
                writer.WriteString("job"u8, id);
                writer.WriteString("title"u8, text);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }
}
