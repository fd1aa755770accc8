using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Writers;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>One export of all images.</summary>
/// <param name="writer">Writes it.</param>
internal sealed class ExportOutput(ExportWriter writer) : IResultOutput
{
    /// <inheritdoc/>
    public async Task<DetectedImage> WriteAsync(
        string name, DetectionResult result, Func<Task<ReadOnlyMemory<byte>>>? draw, CancellationToken cancellationToken)
    {
        await writer.AddAsync(result, cancellationToken);
        return new DetectedImage(result, null, null);
    }
}
