using System.Text.Json;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>
/// Makes messages of events: the Event Grid schema and CloudEvents 1.0, each single or as an array, and
/// <c>{ "container": …, "name": … }</c>.
/// </summary>
/// <param name="clients">Which account the events have to be about.</param>
/// <param name="options">Which containers.</param>
public sealed class EventParser(StorageClients clients, IOptions<StorageOptions> options)
{
    private const string BlobCreated = "Microsoft.Storage.BlobCreated";

    /// <summary>
    /// The operations that leave a complete blob. Others raise the same event for an empty one: <c>CreateFile</c>, for example.
    /// </summary>
    private static readonly string[] CompletingOperations = ["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose", "SftpCommit"];

    /// <summary>Parses the body of one queue message.</summary>
    /// <param name="body">UTF-8 JSON.</param>
    /// <returns>One outcome for each event in the body; an unreadable body is one refusal.</returns>
    public IReadOnlyList<ParsedEvent> Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? [.. document.RootElement.EnumerateArray().Select(ParseOne)]
                : [ParseOne(document.RootElement)];
        }
        catch (JsonException exception)
        {
            return
            [
                ParsedEvent.Refuse(
                    ParsedEvent.NotAnEvent, $"Expected JSON, found {body.Length} bytes that are not JSON: {exception.Message}"),
            ];
        }
    }

    private ParsedEvent ParseOne(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            return ParsedEvent.Refuse(ParsedEvent.NotAnEvent, $"Expected an object, found JSON of kind {item.ValueKind}.");
        }

        if ((Text(item, "eventType") ?? Text(item, "type")) is { } type)
        {
            return type == BlobCreated
                ? ParseBlobCreated(item)
                : ParsedEvent.Refuse(ParsedEvent.OtherType, $"Expected {BlobCreated}, found {type}.");
        }

        return Text(item, "container") is { } container && Text(item, "name") is { } name
            ? ParseSimple(item, container, name)
            : ParsedEvent.Refuse(
                ParsedEvent.NotAnEvent,
                "Expected an event of the Event Grid schema, a CloudEvent, or an object with 'container' and 'name'; found neither.");
    }

    private ParsedEvent ParseBlobCreated(JsonElement item)
    {
        if (!item.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object || Text(data, "url") is not { } url)
        {
            return ParsedEvent.Refuse(ParsedEvent.NotAnEvent, $"Expected a {BlobCreated} event with 'data.url', found none.");
        }

        if (Text(data, "api") is { } operation && !CompletingOperations.Contains(operation))
        {
            return ParsedEvent.Refuse(
                ParsedEvent.OtherType,
                $"Expected one of {string.Join(", ", CompletingOperations)} as 'data.api', found {operation}.");
        }

        if (!BlobUrl.TryParse(url, clients.Account, out var blob))
        {
            return ParsedEvent.Refuse(
                ParsedEvent.OtherAccount,
                $"Expected a blob of account '{clients.Account.Name}', found one at {BlobUrl.Describe(url)}.");
        }

        return Accept(new ImageMessage
        {
            Container = blob.Container,
            Name = blob.ChooseName(Text(item, "subject")),
            Etag = BlobNames.Etag(Text(data, "eTag") ?? Text(data, "etag")),
            Bytes = Number(data, "contentLength"),
            Stamp = Text(item, "id"),
            Traceparent = Text(item, "traceparent"),
        });
    }

    private ParsedEvent ParseSimple(JsonElement item, string container, string name)
    {
        DetectionRequestOptions? requested = null;
        if (item.TryGetProperty("options", out var json) && json.ValueKind != JsonValueKind.Null)
        {
            try
            {
                requested = json.Deserialize(MessageJson.Default.DetectionRequestOptions);
                MessageReader.Validate(requested);
            }
            catch (Exception exception) when (exception is JsonException or PipelineException)
            {
                return ParsedEvent.Refuse(ParsedEvent.NotAnEvent, exception.Message);
            }
        }

        var etag = BlobNames.Etag(Text(item, "etag"));
        return Accept(new ImageMessage
        {
            Container = container,
            Name = name,
            Etag = etag,
            Bytes = etag is null ? null : Number(item, "bytes"),
            Options = requested,

            // Without an ETag nothing but this tells a later request for an overwritten blob from a second delivery of this one.
            Stamp = Text(item, "id") ?? (etag is null ? Guid.NewGuid().ToString("N") : null),
            Traceparent = Text(item, "traceparent"),
        });
    }

    private ParsedEvent Accept(ImageMessage message)
    {
        var isCheckpoint = message.Container == options.Value.Checkpoints;
        if (!isCheckpoint && !options.Value.IsImageContainer(message.Container))
        {
            return ParsedEvent.Refuse(
                ParsedEvent.OtherContainer,
                $"Expected a blob in container '{options.Value.Images}' or '{options.Value.Checkpoints}', "
                + $"found one in '{message.Container}'.");
        }

        return BlobNames.FindProblem(message.Container, message.Name) is { } problem
            ? ParsedEvent.Refuse(ParsedEvent.NotAnEvent, $"Blob: {problem}.")
            : isCheckpoint ? ParsedEvent.AcceptCheckpoint(message.Name) : ParsedEvent.Accept(message);
    }

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    private static long? Number(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt64(out var number)
        && number >= 0
            ? number
            : null;
}
