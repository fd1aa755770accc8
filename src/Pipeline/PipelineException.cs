using Nanodet.Detection;

namespace Nanodet.Serverless.Pipeline;

/// <summary>A message, a request or a setting is not what it has to be; trying again does not help.</summary>
/// <param name="code">One of <see cref="PipelineErrorCodes"/>.</param>
/// <param name="message">What was expected, what was found, and where.</param>
/// <param name="innerException">The underlying complaint, if there is one.</param>
public sealed class PipelineException(string code, string message, Exception? innerException = null)
    : NanodetException(code, message, innerException);
