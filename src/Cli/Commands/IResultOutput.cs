using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Where <c>nanodet detect</c> writes results.</summary>
internal interface IResultOutput
{
    /// <summary>Writes a result.</summary>
    /// <param name="name">The image's name here.</param>
    /// <param name="result">The result.</param>
    /// <param name="draw">Draws the picture that goes with it; null for none.</param>
    /// <param name="cancellationToken">Cancels writing.</param>
    /// <returns>What was written: the result, or why the file system has no room for it.</returns>
    Task<DetectedImage> WriteAsync(
        string name, DetectionResult result, Func<Task<ReadOnlyMemory<byte>>>? draw, CancellationToken cancellationToken);
}
