using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>One image of <c>nanodet detect</c>.</summary>
/// <param name="Result">The result, as in its file.</param>
/// <param name="ResultFile">Path of the result's JSON file; null in an export, and where the name has no room for it.</param>
/// <param name="AnnotatedFile">Path of the picture with boxes; null where there is none.</param>
internal sealed record DetectedImage(DetectionResult Result, string? ResultFile, string? AnnotatedFile);
