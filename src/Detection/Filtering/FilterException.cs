namespace Nanodet.Detection.Filtering;

/// <summary>A <see cref="DetectionFilter"/> that cannot be used, or not with this model: a fault of the request.</summary>
/// <param name="code">One of <see cref="FilterErrorCodes"/>.</param>
/// <param name="message">What was expected and what was found.</param>
/// <param name="innerException">The underlying complaint, if there is one.</param>
public sealed class FilterException(string code, string message, Exception? innerException = null)
    : NanodetException(code, message, innerException)
{
    internal override bool IsAboutInput => true;
}
