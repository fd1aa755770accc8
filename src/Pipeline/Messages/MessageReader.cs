using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>Reads messages of this app, and refuses those of a newer one.</summary>
public static class MessageReader
{
    /// <summary>Reads a message of queue <c>images</c>, or a line of a list.</summary>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.InvalidMessage"/> or <see cref="PipelineErrorCodes.UnsupportedVersion"/>.
    /// </exception>
    public static ImageMessage ReadImage(ReadOnlyMemory<byte> json)
    {
        var message = Read(json, MessageJson.Default.ImageMessage);
        if (BlobNames.FindProblem(message.Container, message.Name) is { } problem)
        {
            throw Invalid(nameof(ImageMessage), problem);
        }

        if (message.Bytes < 0)
        {
            throw Invalid(nameof(ImageMessage), $"expected at least 0 bytes, found {message.Bytes}");
        }

        Validate(message.Options);
        return message with { Etag = BlobNames.Etag(message.Etag) };
    }

    /// <summary>Reads a message of queue <c>batches</c>.</summary>
    /// <inheritdoc cref="ReadImage"/>
    public static BatchMessage ReadBatch(ReadOnlyMemory<byte> json)
    {
        var message = Read(json, MessageJson.Default.BatchMessage);
        var batch = message.Batch;
        if (batch.BatchId.Length == 0 || batch.Blob.Length == 0 || batch.Offset < 0 || batch.Count < 1)
        {
            throw Invalid(
                nameof(BatchReference),
                $"expected a batch id, a list, an offset from 0 and a count from 1, found '{batch.BatchId}', '{batch.Blob}', "
                + $"{batch.Offset} and {batch.Count}");
        }

        Validate(batch.Options);
        return message with { Attempt = Math.Max(1, message.Attempt) };
    }

    /// <summary>Reads any of this app's documents that carry a <c>schemaVersion</c>; a document without one counts as version 1.</summary>
    internal static T Read<T>(ReadOnlyMemory<byte> json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            using (var document = JsonDocument.Parse(json))
            {
                RequireVersion(document.RootElement, typeof(T).Name);
                if (typeof(T) == typeof(BatchMessage) && document.RootElement.TryGetProperty("batch", out var batch))
                {
                    RequireVersion(batch, nameof(BatchReference));
                }
            }

            return JsonSerializer.Deserialize(json.Span, type) ?? throw Invalid(typeof(T).Name, "expected an object, found null");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidMessage,
                $"{typeof(T).Name}: expected JSON as docs/architecture.md describes it, found: {exception.Message}",
                exception);
        }
    }

    internal static void Validate(DetectionRequestOptions? options)
    {
        if (options is null)
        {
            return;
        }

        try
        {
            Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        }
        catch (ValidationException exception)
        {
            throw new PipelineException(PipelineErrorCodes.InvalidMessage, $"options: {exception.Message}", exception);
        }
    }

    private static PipelineException Invalid(string type, string what) =>
        new(PipelineErrorCodes.InvalidMessage, $"{type}: {what}.");

    /// <summary>Before anything else is looked at: a newer document may lack what this version requires.</summary>
    private static void RequireVersion(JsonElement document, string type)
    {
        if (document.ValueKind == JsonValueKind.Object
            && document.TryGetProperty("schemaVersion", out var version)
            && !(version.ValueKind == JsonValueKind.Number
                && version.TryGetInt32(out var number)
                && number == ImageMessage.CurrentSchemaVersion))
        {
            throw new PipelineException(
                PipelineErrorCodes.UnsupportedVersion,
                $"{type}: expected schema version {ImageMessage.CurrentSchemaVersion}, found {version}. "
                + "A newer app wrote it: update this one.");
        }
    }
}
