namespace Nanodet.Checkpoints;

/// <summary>
/// A checkpoint, a config or their combination that cannot become a model. The message says what was expected, what was found and
/// where; <see cref="Code"/> is stable and meant for programs.
/// </summary>
public sealed class CheckpointException : Exception
{
    private const int LongestMessage = 8000;

    /// <summary>Creates the exception.</summary>
    /// <param name="code">One of <see cref="CheckpointErrorCode"/>.</param>
    /// <param name="message">
    /// What was expected, what was found and where. It may quote names out of a file that nobody vouches for: control characters
    /// become question marks, and what is longer than 8000 characters is cut.
    /// </param>
    /// <param name="innerException">The cause, where another component reported it.</param>
    public CheckpointException(string code, string message, Exception? innerException = null)
        : base(Presentable(message), innerException) => Code = code;

    /// <summary>One of <see cref="CheckpointErrorCode"/>.</summary>
    public string Code { get; }

    private static string Presentable(string message)
    {
        var end = Math.Min(message.Length, LongestMessage);
        return string.Create(end, message, static (span, text) =>
        {
            text.AsSpan(0, span.Length).CopyTo(span);
            foreach (ref var character in span)
            {
                character = char.IsControl(character) ? '?' : character;
            }
        }) + (end < message.Length ? "..." : "");
    }
}
