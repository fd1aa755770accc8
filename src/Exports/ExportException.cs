using Nanodet.Detection;

namespace Nanodet.Serverless.Exports;

/// <summary>An export that cannot be made.</summary>
/// <param name="code">
/// A stable code: <c>output_not_empty</c>, <c>invalid_result</c>, <c>no_results</c>, <c>nothing_to_export</c>,
/// <c>dataset_does_not_fit</c>, <c>input_not_found</c> or <c>invalid_glob</c>.
/// </param>
/// <param name="message">What was expected, what was found, where, and what to do.</param>
/// <param name="innerException">The underlying complaint, if there is one.</param>
public sealed class ExportException(string code, string message, Exception? innerException = null)
    : NanodetException(code, message, innerException);
