using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>One image to detect: a message of queue <c>images</c>, or a line of a batch's list.</summary>
public sealed record ImageMessage
{
    /// <summary>The schema version that this type writes.</summary>
    public const int CurrentSchemaVersion = 1;

    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = CurrentSchemaVersion;

    /// <summary>The blob container.</summary>
    public required string Container { get; init; }

    /// <summary>The blob's name in its container, not URL-encoded.</summary>
    public required string Name { get; init; }

    /// <summary>The blob's ETag without quotes; null for whatever is there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Etag { get; init; }

    /// <summary>Length of the blob, in bytes; null when it is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Bytes { get; init; }

    /// <summary>The bulk job, or null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? JobId { get; init; }

    /// <summary>How to detect it; null for the app's settings.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DetectionRequestOptions? Options { get; init; }

    /// <summary>
    /// Tells a wanted repetition from a second delivery: messages that differ only here are two requests. The event's id, for example.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Stamp { get; init; }

    /// <summary>W3C trace context of whoever sent it, or null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Traceparent { get; init; }

    /// <summary>When it was put on the queue, in UTC; null from a sender that does not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? QueuedUtc { get; init; }

    /// <summary>
    /// Why a line of a list is no image that can be detected; null for one that is. No JSON sets it: the other lines of the list are
    /// detected, and this one is a failure.
    /// </summary>
    [JsonIgnore]
    internal string? Problem { get; init; }
}
