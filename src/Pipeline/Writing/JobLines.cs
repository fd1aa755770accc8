using Azure;
using Microsoft.Extensions.Logging;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
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
    /// has removed that meanwhile, and where it cannot be read.
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
        var (result, identity, problem) = await ReadAsync(image, cancellationToken).ConfigureAwait(false);
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

        (result, _, problem) = problem is null ? await ReadAsync(image, cancellationToken).ConfigureAwait(false) : (null, null, problem);
        if (problem is not null)
        {
            Log.SkippedRecordUnreadable(logger, image.Container, image.Name, problem);
        }
        else if (result is null)
        {
            Log.SkippedWithoutRecord(logger, image.Container, image.Name);
        }

        return result;
    }

    /// <summary>
    /// Reads a record, or says why it cannot be read: it lies in the archive tier, for example, or somebody has written into it. That is so
    /// however often it is tried, and may not take the lines of the batch's other images along.
    /// </summary>
    private async Task<(DetectionResult? Result, string? Identity, string? Problem)> ReadAsync(
        StagedImage image, CancellationToken cancellationToken)
    {
        try
        {
            var (result, identity) = await records.ReadAsync(image.Container, image.Name, cancellationToken).ConfigureAwait(false);
            return (result, identity, null);
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            return (null, null, StorageFailure.Explain(exception));
        }
        catch (PipelineException exception)
        {
            return (null, null, exception.Message);
        }
    }
}
