namespace Nanodet.Detection.Detectors;

/// <summary>Something about an image that was detected all the same.</summary>
/// <param name="Code">A stable code for programs: one of <see cref="Images.ImageNoteCodes"/>.</param>
/// <param name="Message">What was found and what was done, for people.</param>
public sealed record DetectionNote(string Code, string Message);
