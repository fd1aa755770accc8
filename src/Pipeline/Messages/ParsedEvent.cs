using System.Diagnostics.CodeAnalysis;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>What an event of queue <c>events</c> became: a message, or a refusal.</summary>
/// <param name="Message">The message for queue <c>images</c>; null when the event is refused.</param>
/// <param name="Refusal">A stable code; null when there is a message.</param>
/// <param name="Reason">For people: what was expected and what was found; null when there is a message.</param>
public sealed record ParsedEvent(ImageMessage? Message, string? Refusal, string? Reason)
{
    /// <summary>The body is no JSON, or none of the three forms.</summary>
    public const string NotAnEvent = "not_an_event";

    /// <summary>The event is about something else than a blob that was created.</summary>
    public const string OtherType = "other_type";

    /// <summary>The blob lies in another storage account.</summary>
    public const string OtherAccount = "other_account";

    /// <summary>The blob lies in a container that holds no images.</summary>
    public const string OtherContainer = "other_container";

    /// <summary>True when there is a message.</summary>
    [MemberNotNullWhen(true, nameof(Message))]
    [MemberNotNullWhen(false, nameof(Refusal), nameof(Reason))]
    public bool IsAccepted => Message is not null;

    internal static ParsedEvent Accept(ImageMessage message) => new(message, null, null);

    internal static ParsedEvent Refuse(string code, string reason) => new(null, code, reason);
}
