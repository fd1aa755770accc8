namespace Nanodet.Detection.Detectors;

/// <summary>Why an image cannot be used. Another try with the same bytes gives the same.</summary>
/// <param name="Code">A stable code for programs: one of <see cref="Images.ImageErrorCodes"/>, for example <c>not_an_image</c>.</param>
/// <param name="Message">What was expected and what was found, for people.</param>
public sealed record DetectionError(string Code, string Message);
