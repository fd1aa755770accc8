using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>A message of queue <c>batches</c>.</summary>
public sealed record BatchMessage
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = ImageMessage.CurrentSchemaVersion;

    /// <summary>The batch.</summary>
    public required BatchReference Batch { get; init; }

    /// <summary>How often it was queued, this time included.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>When it was put on the queue, in UTC; null from a sender that does not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? QueuedUtc { get; init; }
}
