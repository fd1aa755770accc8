using Nanodet.Detection;

namespace Nanodet.Serverless.Conversion;

/// <summary>A checkpoint cannot be converted in the way that was asked for.</summary>
/// <param name="code">One of <see cref="ConversionErrorCodes"/>.</param>
/// <param name="message">What was expected, what was found, where, and what to do.</param>
/// <param name="innerException">The underlying error, if there is one.</param>
public sealed class ConversionException(string code, string message, Exception? innerException = null)
    : NanodetException(code, message, innerException);
