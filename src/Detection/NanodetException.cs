namespace Nanodet.Detection;

/// <summary>
/// What every error of this library has: a stable code, and a message that says what was expected, what was found, where, and what to do.
/// </summary>
/// <param name="code">A stable code in lower case, such as <c>not_an_image</c>: one that programs may compare with.</param>
/// <param name="message">The message, for people.</param>
/// <param name="innerException">The underlying error, if there is one.</param>
public abstract class NanodetException(string code, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>A stable code in lower case.</summary>
    public string Code { get; } = code;

    /// <summary>True where the input is at fault for good, whatever the inner exceptions say of the machine.</summary>
    internal virtual bool IsAboutInput => false;
}
