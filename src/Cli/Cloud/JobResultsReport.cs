namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The answer of <c>nanodet results</c>.</summary>
/// <param name="JobId">The job.</param>
/// <param name="File">The file.</param>
/// <param name="Lines">Results in it.</param>
/// <param name="Detected">Those of images with detections.</param>
/// <param name="Failed">Those of images that failed.</param>
internal sealed record JobResultsReport(string JobId, string File, long Lines, long Detected, long Failed);
