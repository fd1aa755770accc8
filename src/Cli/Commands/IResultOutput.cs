using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Where <c>nanodet detect</c> writes results.</summary>
internal interface IResultOutput
{
    /// <summary>Writes a result.</summary>
    /// <param name="result">The result.</param>
    /// <param name="cancellationToken">Cancels writing.</param>
    /// <returns>The result's own file; null where it has none.</returns>
    Task<string?> WriteAsync(DetectionResult result, CancellationToken cancellationToken);
}
