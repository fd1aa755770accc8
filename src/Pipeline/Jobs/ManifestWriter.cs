using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Ends a job: puts its NDJSON together, checks the counts, writes the manifest.</summary>
public sealed class ManifestWriter
{
    private const int DeleteConcurrency = 8;

    private readonly StorageClients _clients;
    private readonly JobStore _store;
    private readonly JobResults _results;
    private readonly DetectionWriter _writer;
    private readonly JobOptions _options;
    private readonly ILogger _logger;

    /// <summary>A writer of manifests.</summary>
    /// <param name="clients">The account.</param>
    /// <param name="store">Jobs.</param>
    /// <param name="results">Results of jobs.</param>
    /// <param name="writer">Writes the results of batches.</param>
    /// <param name="options">Prices.</param>
    /// <param name="logger">The log.</param>
    public ManifestWriter(
        StorageClients clients,
        JobStore store,
        JobResults results,
        DetectionWriter writer,
        IOptions<JobOptions> options,
        ILogger<ManifestWriter> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _clients = clients;
        _store = store;
        _results = results;
        _writer = writer;
        _options = options.Value;
        _logger = logger;
    }

    /// <summary>The activity <c>WriteManifest</c>. Repeating it changes nothing.</summary>
    /// <param name="end">How the job ended.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<JobManifest> WriteAsync(JobEnd end, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(end);
        var manifest = await _store.FindManifestAsync(end.Job.JobId, cancellationToken).ConfigureAwait(false);
        if (manifest is null)
        {
            manifest = await CreateAsync(end, cancellationToken).ConfigureAwait(false);
            await UploadAsync(manifest, cancellationToken).ConfigureAwait(false);
            Log.JobEnded(
                _logger,
                manifest.JobId,
                JobStateConverter.Text(manifest.State),
                manifest.Discovered,
                manifest.Detected,
                manifest.Failed,
                manifest.Skipped);
        }

        if (manifest.State == JobState.Inconsistent)
        {
            // The lists stay: they show what is missing.
            Log.JobInconsistent(_logger, manifest.JobId, string.Join(" ", manifest.Missing));
            await WriteLateAsync(manifest, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            // A job that ended early may leave batches behind that a worker finished meanwhile. What is finished later than this is written
            // when its event is refused: it may not be cleared away.
            await WriteLateAsync(manifest, cancellationToken).ConfigureAwait(false);
            await ClearStagingAsync(end.Job.JobId, cancellationToken).ConfigureAwait(false);
        }

        return manifest;
    }

    /// <summary>
    /// Writes the records of what staging still has of the job: other batches skip images whose results wait there. The job ends as its
    /// manifest says, though some of it cannot be written; where the manifest says that something is missing, whatever the reason.
    /// </summary>
    private async Task WriteLateAsync(JobManifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            await _writer.WriteLateAsync(manifest.JobId, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is PipelineException
            || (manifest.State == JobState.Inconsistent && !cancellationToken.IsCancellationRequested))
        {
            Log.LateResultsLeft(_logger, manifest.JobId, exception);
        }
    }

    private async Task<JobManifest> CreateAsync(JobEnd end, CancellationToken cancellationToken)
    {
        var (job, progress) = (end.Job, end.Progress);
        var files = JobNames.Results(job, progress.Pages);
        var lines = 0L;
        var summary = new JobSummary(job.JobId);
        DetectionResult? sample = null;
        foreach (var file in files)
        {
            var blocks = await _results.CommitAsync(file, cancellationToken).ConfigureAwait(false);
            lines += blocks.Sum(block => (long)block.Lines);
            await foreach (var result in _results.ReadAsync(file, cancellationToken).ConfigureAwait(false))
            {
                summary.Add(result);
                sample ??= result.Model is null ? null : result;
            }
        }

        var missing = FindMissing(end, lines);

        // A batch may have been detected again after it was counted, and its lines are those of the last time: of a job that has every
        // line, they count. Where lines are missing, or a job ended early, what was counted on the way says more.
        var (detected, failed, skipped) = end.State == JobState.Completed && missing.Count == 0
            ? (summary.Detected, summary.Failed, summary.Skipped)
            : (progress.Detected, progress.Failed, progress.Skipped);
        var seconds = Math.Max(0, (end.EndedUtc - progress.StartedUtc).TotalSeconds);
        return new JobManifest
        {
            JobId = job.JobId,
            State = missing.Count == 0 ? end.State : JobState.Inconsistent,
            Error = end.Error,
            Request = job,
            Discovered = progress.Discovered,
            Detected = detected,
            Failed = failed,
            Skipped = skipped,
            Unprocessed = Math.Max(0, progress.Discovered - progress.CountProcessed()),
            Filtered = progress.Filtered,
            Pages = progress.Pages,
            Model = sample?.Model,
            Provider = sample?.Provider,
            Classes = summary.Classes,
            Failures = summary.Failures,
            Models = summary.Models,
            Cost = _options.CostOf(summary.ProcessorSeconds, summary.GpuSeconds),
            StartedUtc = progress.StartedUtc,
            EndedUtc = end.EndedUtc,
            Seconds = Math.Round(seconds, 3),
            ImagesPerSecond = JobStatus.Rate(progress.CountProcessed(), seconds),
            Results = files,
            Outputs = end.Outputs,
            Missing = missing,
        };
    }

    /// <summary>Only a completed job has to add up; one that ended early may even have staged results that nobody counted.</summary>
    private static List<string> FindMissing(JobEnd end, long lines)
    {
        var missing = new List<string>();
        var progress = end.Progress;
        if (end.State != JobState.Completed)
        {
            return missing;
        }

        if (!progress.IsListed)
        {
            missing.Add($"Expected every page to be listed, found {progress.Pages} and more to come.");
        }

        if (progress.CountProcessed() != progress.Discovered)
        {
            missing.Add(
                $"Expected detected + failed + skipped to be the {progress.Discovered} images found, found {progress.Detected} + "
                + $"{progress.Failed} + {progress.Skipped}: {progress.Discovered - progress.CountProcessed()} without a record.");
        }

        if (lines != progress.CountProcessed())
        {
            missing.Add(
                $"Expected {progress.CountProcessed()} lines of results, one for each of these images, found {lines}.");
        }

        return missing;
    }

    private async Task UploadAsync(JobManifest manifest, CancellationToken cancellationToken) =>
        await _clients.Jobs.GetBlobClient(JobNames.Manifest(manifest.JobId)).UploadAsync(
            BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(manifest, JobJson.Default.JobManifest)),
            new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" } },
            cancellationToken).ConfigureAwait(false);

    /// <summary>Clears lists and marks away. A finished batch is only removed by whoever has written it.</summary>
    private async Task ClearStagingAsync(string jobId, CancellationToken cancellationToken)
    {
        var finished = BatchNames.JobStaging(jobId);
        var blobs = _clients.Staging.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"jobs/{jobId}/", cancellationToken);
        await Parallel.ForEachAsync(
            blobs,
            new ParallelOptions { MaxDegreeOfParallelism = DeleteConcurrency, CancellationToken = cancellationToken },
            async (blob, token) =>
            {
                if (blob.Name.StartsWith(finished, StringComparison.Ordinal))
                {
                    return;
                }

                try
                {
                    await _clients.Staging.GetBlobClient(blob.Name).DeleteIfExistsAsync(cancellationToken: token).ConfigureAwait(false);
                }
                catch (RequestFailedException exception) when (exception.Status == 404)
                {
                    // Gone is what it should be.
                }
            }).ConfigureAwait(false);
    }
}
