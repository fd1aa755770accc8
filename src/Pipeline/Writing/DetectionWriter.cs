using System.Collections.Concurrent;
using System.Diagnostics;
using Azure;
using Microsoft.Extensions.Logging;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Writing;

/// <summary>The coordinator's side of a batch: staging blob in, result blobs out.</summary>
public sealed class DetectionWriter
{
    // Result blobs of a batch that are written at the same time.
    private const int WriteConcurrency = 8;

    private readonly BatchStaging _staging;
    private readonly ResultRecords _records;
    private readonly JobResults _jobs;
    private readonly JobLines _lines;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>A writer of results.</summary>
    /// <param name="staging">Staging blobs.</param>
    /// <param name="records">Records of images.</param>
    /// <param name="jobs">Results of jobs.</param>
    /// <param name="lines">Finds the lines of skipped images.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public DetectionWriter(
        BatchStaging staging,
        ResultRecords records,
        JobResults jobs,
        JobLines lines,
        TimeProvider time,
        ILogger<DetectionWriter> logger)
    {
        _staging = staging;
        _records = records;
        _jobs = jobs;
        _lines = lines;
        _time = time;
        _logger = logger;
    }

    /// <summary>
    /// Writes the results of a batch, stages them as a block of the job's NDJSON, and clears the list and the staging blob away: the
    /// activity <c>WriteDetections</c>. Repeating it changes nothing.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="detected">Its event, or what <see cref="BatchStaging.FindAsync"/> found in place of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.RecordsRefused"/>: storage refuses records; those of the other images are written.
    /// </exception>
    public async Task<BatchCounts> WriteAsync(BatchReference batch, BatchDetected detected, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(detected);
        using var activity = TraceContext.Start("nanodet.batch.write", ActivityKind.Internal, batch.Traceparent);
        activity?.SetTag("nanodet.batch.id", batch.BatchId);
        var start = _time.GetTimestamp();
        var name = BatchNames.Staging(batch);
        if (await _staging.ReadAsync(name, cancellationToken).ConfigureAwait(false) is not { } images)
        {
            Log.BatchWrittenBefore(_logger, batch.BatchId);
            return detected.ToCounts();
        }

        await WriteRecordsAsync(batch.BatchId, images, cancellationToken).ConfigureAwait(false);
        var counts = batch.Results is { } results
            ? await WriteLinesAsync(results, batch, images, cancellationToken).ConfigureAwait(false)
            : detected.ToCounts();
        await _staging.ClearAsync(batch, name, cancellationToken).ConfigureAwait(false);
        PipelineTelemetry.WriteDuration.Record(_time.GetElapsedTime(start).TotalSeconds);
        return counts;
    }

    /// <summary>
    /// Writes the results of a batch whose orchestration has ended before its event came, and clears the staging blob away. Another batch
    /// may have skipped an image because its result waited there. The job's NDJSON stays as it is: the job has counted the batch
    /// without it. Repeating it changes nothing.
    /// </summary>
    /// <param name="detected">The event that was refused.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WriteLateAsync(BatchDetected detected, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(detected);
        await WriteLateAsync(detected.StagingBlob, detected.BatchId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for a job that ended before the batches which its workers had under way. Each is tried.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="PipelineException">At least one cannot be written; the others are.</exception>
    internal async Task WriteLateAsync(string jobId, CancellationToken cancellationToken)
    {
        PipelineException? failure = null;
        await foreach (var (name, batchId) in _staging.ListAsync(jobId, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                await WriteLateAsync(name, batchId, cancellationToken).ConfigureAwait(false);
            }
            catch (PipelineException exception)
            {
                failure ??= exception;
            }
        }

        if (failure is not null)
        {
            throw new PipelineException(failure.Code, failure.Message, failure);
        }
    }

    /// <summary>
    /// A line for each image of the batch. Counted is what the lines say: an image that a delivery before has detected for this job is
    /// detected, although this delivery skipped it.
    /// </summary>
    private async Task<BatchCounts> WriteLinesAsync(
        string results, BatchReference batch, IReadOnlyList<StagedImage> images, CancellationToken cancellationToken)
    {
        var lines = await _lines.FindAsync(images, cancellationToken).ConfigureAwait(false);
        await _jobs.StageAsync(results, batch, [.. lines.OfType<DetectionResult>()], cancellationToken).ConfigureAwait(false);
        var own = images.Zip(lines).Where(pair => pair.First.Result is not null || pair.Second?.JobId == batch.JobId).ToArray();
        var detected = own.Count(pair => pair.Second?.Status == DetectionStatus.Detected);
        return new BatchCounts(detected, own.Length - detected, images.Count - own.Length);
    }

    private async Task WriteLateAsync(string name, string batchId, CancellationToken cancellationToken)
    {
        if (await _staging.ReadAsync(name, cancellationToken).ConfigureAwait(false) is not { } images)
        {
            return;
        }

        await WriteRecordsAsync(batchId, images, cancellationToken).ConfigureAwait(false);
        await _staging.DiscardAsync(name, cancellationToken).ConfigureAwait(false);
        Log.BatchWrittenLate(_logger, batchId);
    }

    /// <summary>
    /// Each record is tried, whatever becomes of the others: one that storage refuses is tried with its batch again and again.
    /// </summary>
    private async Task WriteRecordsAsync(string batchId, IReadOnlyList<StagedImage> images, CancellationToken cancellationToken)
    {
        var refused = new ConcurrentQueue<(StagedImage Image, RequestFailedException Failure)>();
        await Parallel.ForEachAsync(
            images.Where(image => image.Result is not null),
            new ParallelOptions { MaxDegreeOfParallelism = WriteConcurrency, CancellationToken = cancellationToken },
            async (image, token) =>
            {
                using var activity = TraceContext.StartImage("nanodet.image.write", image.Traceparent);
                try
                {
                    await _records.WriteAsync(image, token).ConfigureAwait(false);
                }
                catch (RequestFailedException exception) when (IsRefusal(exception.Status))
                {
                    refused.Enqueue((image, exception));
                    Log.RecordRefused(_logger, image.Container, image.Name, StorageFailure.Explain(exception));
                }
            }).ConfigureAwait(false);
        if (refused.TryPeek(out var first))
        {
            throw new PipelineException(
                PipelineErrorCodes.RecordsRefused,
                $"Batch {batchId}: expected to write the records of its images, found {refused.Count} that storage refuses, one of them of "
                + $"{first.Image.Container}/{first.Image.Name}: {StorageFailure.Explain(first.Failure)} "
                + "Take off what protects them (a lease, a legal hold, an immutability policy); their results wait in staging.",
                first.Failure);
        }
    }

    /// <summary>Whether the answer is about the record. Storage that is away, busy or shut is so for all of them.</summary>
    private static bool IsRefusal(int status) => status is >= 400 and < 500 and not (401 or 403 or 404 or 408 or 429);
}
