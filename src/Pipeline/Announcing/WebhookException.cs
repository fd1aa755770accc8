namespace Nanodet.Serverless.Pipeline.Announcing;

/// <summary>A webhook that was not taken.</summary>
/// <param name="message">What was expected and what was found.</param>
/// <param name="isTransient">Whether another try may help.</param>
/// <param name="innerException">The underlying error, if there is one.</param>
internal sealed class WebhookException(string message, bool isTransient, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Whether another try may help.</summary>
    internal bool IsTransient { get; } = isTransient;
}
