namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>
/// Makes messages of events: the Event Grid schema and CloudEvents 1.0, each single or as an array, and
/// <c>{ "container": …, "name": … }</c>.
/// </summary>
public sealed class EventParser
{
    /// <summary>Parses the body of one queue message.</summary>
    /// <param name="body">UTF-8 JSON.</param>
    /// <returns>One outcome for each event in the body; an unreadable body is one refusal.</returns>
    public IReadOnlyList<ParsedEvent> Parse(ReadOnlyMemory<byte> body) => throw new NotImplementedException();
}
