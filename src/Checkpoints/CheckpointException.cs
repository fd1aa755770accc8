namespace Nanodet.Serverless.Checkpoints;

/// <summary>
/// A checkpoint, a config or their combination that cannot become a model. The message says what was expected, what was found and
/// where; <see cref="Code"/> is stable and meant for programs.
/// </summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="code">One of <see cref="CheckpointErrorCode"/>.</param>
    /// <param name="message">What was expected, what was found and where.</param>
    /// <param name="innerException">The cause, where another component reported it.</param>
    public CheckpointException(string code, string message, Exception? innerException = null)
        : base(message, innerException) => Code = code;

    /// <summary>One of <see cref="CheckpointErrorCode"/>.</summary>
    public string Code { get; }
}
