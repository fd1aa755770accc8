namespace Nanodet.Detection.Detectors;

/// <summary>Why an image has no detections, and never will have.</summary>
/// <param name="Code">A stable code, for example <c>not_an_image</c>.</param>
/// <param name="Message">What was expected and what was found.</param>
public sealed record DetectionError(string Code, string Message);
