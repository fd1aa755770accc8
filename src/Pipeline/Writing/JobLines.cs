using Microsoft.Extensions.Logging;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Writing;

/// <summary>The lines of a job's results: every image of a batch has one, whoever made its result.</summary>
/// <param name="records">Records of images.</param>
/// <param name="staging">Results that wait for being written.</param>
/// <param name="logger">The log.</param>
public sealed class JobLines(ResultRecords records, BatchStaging staging, ILogger<JobLines> logger)
{
    // Records of a batch that are read at the same time.
    private const int ReadConcurrency = 8;

    /// <summary>Finds the line of each image. The records of the batch itself have to be written.</summary>
    /// <param name="images">A finished batch.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// One result for each image, in their order: its own, or, for a skipped one, the result that it was skipped for. Null where somebody
    /// has removed that meanwhile.
    /// </returns>
    internal async Task<IReadOnlyList<DetectionResult?>> FindAsync(IReadOnlyList<StagedImage> images, CancellationToken cancellationToken)
    {
        var lines = new DetectionResult?[images.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, images.Count),
            new ParallelOptions { MaxDegreeOfParallelism = ReadConcurrency, CancellationToken = cancellationToken },
            async (i, token) => lines[i] = images[i].Result ?? await FindSkippedAsync(images[i], token).ConfigureAwait(false))
            .ConfigureAwait(false);
        return lines;
    }

    private async Task<DetectionResult?> FindSkippedAsync(StagedImage image, CancellationToken cancellationToken)
    {
        var (result, identity) = await records.ReadAsync(image.Container, image.Name, cancellationToken).ConfigureAwait(false);
        if (result is not null && identity == image.Identity)
        {
            return result;
        }

        // It was computed by a batch that is not written yet, or is being written now: then the record is there when its blob is gone.
        var waiting = image.Waiting is null
            ? null
            : await staging.ReadAsync(image.Waiting, cancellationToken).ConfigureAwait(false);
        if (waiting?.FirstOrDefault(other => other.Result is not null && other.Identity == image.Identity) is { Result: { } found })
        {
            return found;
        }

        (result, _) = await records.ReadAsync(image.Container, image.Name, cancellationToken).ConfigureAwait(false);
        if (result is null)
        {
            Log.SkippedWithoutRecord(logger, image.Container, image.Name);
        }

        return result;
    }
}
