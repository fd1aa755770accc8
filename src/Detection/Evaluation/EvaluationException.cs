namespace Nanodet.Detection.Evaluation;

/// <summary>Annotations that cannot be used for an evaluation.</summary>
/// <param name="code">A stable code: <c>invalid_annotations</c>, <c>invalid_detections</c> or <c>categories_do_not_fit</c>.</param>
/// <param name="message">What was expected and what was found.</param>
/// <param name="innerException">The underlying complaint, if there is one.</param>
public sealed class EvaluationException(string code, string message, Exception? innerException = null)
    : NanodetException(code, message, innerException);
