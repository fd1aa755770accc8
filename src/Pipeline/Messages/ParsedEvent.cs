using System.Diagnostics.CodeAnalysis;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>What an event of queue <c>events</c> became: a message about an image, the name of a checkpoint, or a refusal.</summary>
/// <param name="Message">The message for queue <c>images</c>; null when the event is about none.</param>
/// <param name="Refusal">A stable code; null when the event is not refused.</param>
/// <param name="Reason">For people: what was expected and what was found; null when the event is not refused.</param>
public sealed record ParsedEvent(ImageMessage? Message, string? Refusal, string? Reason)
{
    /// <summary>The body is no JSON, or none of the three forms.</summary>
    public const string NotAnEvent = "not_an_event";

    /// <summary>The event has a schema version that this build does not read.</summary>
    public const string UnsupportedVersion = PipelineErrorCodes.UnsupportedVersion;

    /// <summary>The blob stands for a folder: nothing was lost.</summary>
    public const string FolderMarker = "folder_marker";

    /// <summary>The event is about something else than a blob that was created or renamed.</summary>
    public const string OtherType = "other_type";

    /// <summary>The blob lies in another storage account.</summary>
    public const string OtherAccount = "other_account";

    /// <summary>The blob lies in a container that holds no images.</summary>
    public const string OtherContainer = "other_container";

    /// <summary>True when there is a message.</summary>
    [MemberNotNullWhen(true, nameof(Message))]
    public bool IsAccepted => Message is not null;

    /// <summary>True when there is a refusal.</summary>
    [MemberNotNullWhen(true, nameof(Refusal), nameof(Reason))]
    public bool IsRefused => Refusal is not null;

    /// <summary>True when nobody can read the event: its message is kept as a dead letter.</summary>
    public bool IsUnreadable => Refusal is NotAnEvent or UnsupportedVersion;

    /// <summary>The blob of container <c>checkpoints</c> that the event is about; null when it is about none.</summary>
    public string? Checkpoint { get; private init; }

    /// <summary>When the event came about; null for one that does not say.</summary>
    public DateTimeOffset? RaisedUtc { get; init; }

    internal static ParsedEvent Accept(ImageMessage message) => new(message, null, null);

    internal static ParsedEvent AcceptCheckpoint(string name) => new(null, null, null) { Checkpoint = name };

    internal static ParsedEvent Refuse(string code, string reason) => new(null, code, reason);
}
