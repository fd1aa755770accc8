using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>
/// Makes messages of events: the Event Grid schema and CloudEvents 1.0, each single or as an array, and
/// <c>{ "container": …, "name": … }</c>. A blob was created, or renamed, as the usual commit on a data lake does.
/// </summary>
/// <param name="clients">Which account the events have to be about.</param>
/// <param name="options">Which containers.</param>
public sealed class EventParser(StorageClients clients, IOptions<StorageOptions> options)
{
    private const string BlobCreated = "Microsoft.Storage.BlobCreated";
    private const string BlobRenamed = "Microsoft.Storage.BlobRenamed";

    /// <summary>
    /// The operations that leave a complete blob. Others raise the same event for an empty one: <c>CreateFile</c>, for example.
    /// </summary>
    private static readonly string[] CompletingOperations = ["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose", "SftpCommit"];

    /// <summary>Parses the body of one queue message.</summary>
    /// <param name="message">The message's text: JSON, or base64 of it.</param>
    /// <returns>One outcome for each event in the body; an unreadable body is one refusal.</returns>
    public IReadOnlyList<ParsedEvent> Parse(ReadOnlyMemory<byte> message)
    {
        var body = MessageBody.Decode(message);
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

    /// <summary>An event of an array must not take the others along.</summary>
    private ParsedEvent ParseOne(JsonElement item)
    {
        try
        {
            return Read(item) with { RaisedUtc = Time(item) };
        }
        catch (InvalidOperationException exception)
        {
            // Half of a surrogate pair: JSON, and no text.
            return ParsedEvent.Refuse(ParsedEvent.NotAnEvent, $"Expected text, found what is none: {exception.Message}");
        }
        catch (PipelineException exception)
        {
            return ParsedEvent.Refuse(
                exception.Code == PipelineErrorCodes.UnsupportedVersion ? ParsedEvent.UnsupportedVersion : ParsedEvent.NotAnEvent,
                exception.Message);
        }
    }

    private ParsedEvent Read(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            return ParsedEvent.Refuse(ParsedEvent.NotAnEvent, $"Expected an object, found JSON of kind {item.ValueKind}.");
        }

        MessageReader.RequireVersion(item, "Event");
        if ((Text(item, "eventType") ?? Text(item, "type")) is { } type)
        {
            return type switch
            {
                BlobCreated => ParseBlobCreated(item),
                BlobRenamed => ParseBlob(item, BlobRenamed, "destinationUrl"),
                _ => ParsedEvent.Refuse(
                    ParsedEvent.OtherType, $"Expected {BlobCreated} or {BlobRenamed}, found {BlobNames.Show(type)}."),
            };
        }

        return Text(item, "container") is { } container && Text(item, "name") is { } name
            ? ParseSimple(item, container, name)
            : ParsedEvent.Refuse(
                ParsedEvent.NotAnEvent,
                "Expected an event of the Event Grid schema, a CloudEvent, or an object with 'container' and 'name'; found neither.");
    }

    private ParsedEvent ParseBlobCreated(JsonElement item) =>
        item.TryGetProperty("data", out var data)
        && data.ValueKind == JsonValueKind.Object
        && Text(data, "api") is { } operation
        && !CompletingOperations.Contains(operation)
            ? ParsedEvent.Refuse(
                ParsedEvent.OtherType,
                $"Expected one of {string.Join(", ", CompletingOperations)} as 'data.api', found {BlobNames.Show(operation)}.")
            : ParseBlob(item, BlobCreated, "url");

    private ParsedEvent ParseBlob(JsonElement item, string type, string urlName)
    {
        if (!item.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object || Text(data, urlName) is not { } url)
        {
            return ParsedEvent.Refuse(ParsedEvent.NotAnEvent, $"Expected a {type} event with 'data.{urlName}', found none.");
        }

        if (!BlobUrl.TryParse(url, clients.Account, out var blob))
        {
            return ParsedEvent.Refuse(
                ParsedEvent.OtherAccount,
                $"Expected a blob of account '{clients.Account.Name}', found one at {BlobNames.Show(BlobUrl.Describe(url))}.");
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
            // A field that is ignored would be one that the sender relies on.
            if (JsonFields.FindProblem(json, MessageJson.Default.DetectionRequestOptions, "options") is { } problem)
            {
                return ParsedEvent.Refuse(ParsedEvent.NotAnEvent, $"{problem}.");
            }

            requested = json.Deserialize(MessageJson.Default.DetectionRequestOptions);
            MessageReader.Validate(requested);
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
                + $"found one in '{BlobNames.Show(message.Container)}'.");
        }

        if (FolderMarkers.IsMarker(message.Name, message.Bytes, metadata: null))
        {
            return ParsedEvent.Refuse(
                ParsedEvent.FolderMarker, $"Expected a blob with content, found the folder '{BlobNames.Show(message.Name)}'.");
        }

        return (BlobNames.FindProblem(message.Container, message.Name) ?? BlobNames.FindEtagProblem(message.Etag)) is { } problem
            ? ParsedEvent.Refuse(ParsedEvent.NotAnEvent, $"Blob: {problem}.")
            : isCheckpoint ? ParsedEvent.AcceptCheckpoint(message.Name) : ParsedEvent.Accept(message);
    }

    /// <summary>CloudEvents call it <c>time</c>, the Event Grid schema <c>eventTime</c>. One that cannot be read is none.</summary>
    private static DateTimeOffset? Time(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object
        && DateTimeOffset.TryParse(
            Text(item, "time") ?? Text(item, "eventTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

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
