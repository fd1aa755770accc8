using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Nanodet.Detection.Filtering;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>Reads messages of this app, and refuses those of a newer one.</summary>
public static class MessageReader
{
    /// <summary>The most bytes of options as JSON.</summary>
    private const int MaxOptionsBytes = 32 * 1024;

    /// <summary>Reads a message of queue <c>images</c>.</summary>
    /// <param name="message">The message's text: JSON, or base64 of it.</param>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.InvalidMessage"/> or <see cref="PipelineErrorCodes.UnsupportedVersion"/>.
    /// </exception>
    public static ImageMessage ReadImage(ReadOnlyMemory<byte> message)
    {
        var image = Read(MessageBody.Decode(message), MessageJson.Default.ImageMessage);
        image = image with { Etag = BlobNames.Etag(image.Etag) };
        if (FindProblem(image) is { } problem)
        {
            throw Invalid(nameof(ImageMessage), problem);
        }

        Validate(image.Options);
        return image;
    }

    /// <summary>
    /// Reads a line of a list. A line that is no image is one with a <see cref="ImageMessage.Problem"/>: it must not take the others along.
    /// </summary>
    /// <param name="line">The line.</param>
    /// <param name="isLastReader">Nobody who reads a newer version follows: that is a problem like others, too.</param>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.UnsupportedVersion"/>: a newer app wrote the whole list, and may still read it.
    /// </exception>
    internal static ImageMessage ReadLine(ReadOnlyMemory<byte> line, bool isLastReader)
    {
        try
        {
            return ReadImage(line);
        }
        catch (PipelineException exception) when (isLastReader || exception.Code == PipelineErrorCodes.InvalidMessage)
        {
            return Salvage(line) with { Problem = exception.Message };
        }
    }

    /// <summary>The container and the name of a message that cannot be read, as far as it has them; else empty.</summary>
    internal static ImageMessage Salvage(ReadOnlyMemory<byte> message)
    {
        try
        {
            using var document = JsonDocument.Parse(MessageBody.Decode(message));
            return new ImageMessage
            {
                Container = Text(document.RootElement, "container"),
                Name = Text(document.RootElement, "name"),
                JobId = Text(document.RootElement, "jobId") is { } jobId && BatchIds.IsJobId(jobId) ? jobId : null,
            };
        }
        catch (JsonException)
        {
            return new ImageMessage { Container = string.Empty, Name = string.Empty };
        }
    }

    /// <summary>Reads a message of queue <c>batches</c>.</summary>
    /// <inheritdoc cref="ReadImage"/>
    public static BatchMessage ReadBatch(ReadOnlyMemory<byte> message)
    {
        var read = Read(MessageBody.Decode(message), MessageJson.Default.BatchMessage);
        if (FindProblem(read.Batch) is { } problem)
        {
            throw Invalid(nameof(BatchReference), problem);
        }

        Validate(read.Batch.Options);
        return read with { Attempt = Math.Max(1, read.Attempt) };
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
            if (options.Slices is { } slices)
            {
                Validator.ValidateObject(slices, new ValidationContext(slices), validateAllProperties: true);
            }

            if (options.ToFilter() is not null)
            {
                RequireSmall(options);
            }
        }
        catch (Exception exception) when (exception is ValidationException or FilterException)
        {
            throw new PipelineException(PipelineErrorCodes.InvalidMessage, $"options: {exception.Message}", exception);
        }
    }

    /// <summary>Options travel in messages, and a message of a queue has at most 64 KiB.</summary>
    private static void RequireSmall(DetectionRequestOptions options)
    {
        var length = JsonSerializer.SerializeToUtf8Bytes(options, MessageJson.Default.DetectionRequestOptions).Length;
        if (length > MaxOptionsBytes)
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidMessage,
                $"options: expected at most {MaxOptionsBytes} bytes of JSON, found {length}; "
                + "name fewer classes, or draw regions with fewer corners.");
        }
    }

    private static string? FindProblem(ImageMessage image) =>
        BlobNames.FindProblem(image.Container, image.Name)
        ?? (image.Bytes < 0 ? $"expected at least 0 bytes, found {image.Bytes}" : null)
        ?? BlobNames.FindEtagProblem(image.Etag)
        ?? FindJobProblem(image.JobId);

    /// <summary>Ids and names of a batch become blob names: none may lead to another place.</summary>
    private static string? FindProblem(BatchReference batch)
    {
        if (batch.Offset < 0 || batch.Count < 1 || batch.Page < 0)
        {
            return $"expected an offset from 0, a count from 1 and a page from 0, found {batch.Offset}, {batch.Count} and {batch.Page}";
        }

        return BatchIds.IsBatchId(batch.BatchId)
            ? FindJobProblem(batch.JobId)
                ?? FindNameProblem("list", batch.Blob)
                ?? (batch.Results is null ? null : FindNameProblem("results", batch.Results))
            : $"expected a batch id of at most 100 letters, digits and hyphens, found '{BlobNames.Show(batch.BatchId)}'";
    }

    private static string? FindJobProblem(string? jobId) => jobId is null || BatchIds.IsJobId(jobId)
        ? null
        : $"expected a job id of 1 to 64 letters, digits and hyphens, found '{BlobNames.Show(jobId)}'";

    private static string? FindNameProblem(string what, string name) =>
        BlobNames.FindProblem(name) is { } problem ? $"{what}: {problem}" : null;

    private static string Text(JsonElement document, string name)
    {
        try
        {
            return document.ValueKind == JsonValueKind.Object
                && document.TryGetProperty(name, out var value)
                && value.ValueKind == JsonValueKind.String
                    ? value.GetString()!
                    : string.Empty;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: no text.
            return string.Empty;
        }
    }

    private static PipelineException Invalid(string type, string what) =>
        new(PipelineErrorCodes.InvalidMessage, $"{type}: {what}.");

    /// <summary>Before anything else is looked at: a newer document may lack what this version requires.</summary>
    internal static void RequireVersion(JsonElement document, string type)
    {
        if (document.ValueKind == JsonValueKind.Object
            && document.TryGetProperty("schemaVersion", out var version)
            && !(version.ValueKind == JsonValueKind.Number
                && version.TryGetInt32(out var number)
                && number == ImageMessage.CurrentSchemaVersion))
        {
            throw new PipelineException(
                PipelineErrorCodes.UnsupportedVersion,
                $"{type}: expected schema version {ImageMessage.CurrentSchemaVersion}, found {BlobNames.Show(version.GetRawText())}. "
                + "A newer app wrote it: update this one.");
        }
    }
}
