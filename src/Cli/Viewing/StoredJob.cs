using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Images;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Reading;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Cli.Viewing;

/// <summary>The results of a job in storage, which need no app.</summary>
internal sealed class StoredJob : IViewedResults
{
    private readonly CloudStorage _storage;
    private readonly string _jobId;
    private readonly StoredResults _results;
    private readonly ImageLinks _links;

    private StoredJob(CloudStorage storage, string jobId)
    {
        _storage = storage;
        _jobId = jobId;
        var names = Options.Create(storage.Names);
        Jobs = storage.Jobs;
        _results = new StoredResults(storage.Clients, Jobs, names);
        _links = new ImageLinks(storage.Clients, names, TimeProvider.System);
    }

    /// <inheritdoc/>
    public string Title => $"Job {_jobId}";

    /// <inheritdoc/>
    public string? JobId => _jobId;

    /// <inheritdoc/>
    public Uri? ImageOrigin => _links.Origin;

    /// <inheritdoc/>
    public bool IsContentKnown => true;

    private JobStore Jobs { get; }

    /// <summary>Opens a job.</summary>
    /// <param name="storage">Where it is.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="option">The option that named it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CliException"><c>job_not_found</c>.</exception>
    public static async Task<StoredJob> OpenAsync(
        CloudStorage storage, string jobId, string option, CancellationToken cancellationToken)
    {
        var job = new StoredJob(storage, jobId);
        return JobStore.IsJobId(jobId) && await job.Jobs.FindAsync(jobId, cancellationToken) is not null
            ? job
            : throw new CliException(
                "job_not_found", $"{option}: expected a job of this account, found none with the id '{BlobNames.Show(jobId)}'.");
    }

    /// <summary>The job's own status; null while it runs.</summary>
    public async Task<JobStatus?> FindStatusAsync(CancellationToken cancellationToken) =>
        await Jobs.FindManifestAsync(_jobId, cancellationToken) is { } manifest ? JobStatus.From(manifest) : null;

    /// <inheritdoc/>
    public async Task<ResultPage?> ReadAsync(ResultQuery query, CancellationToken cancellationToken) =>
        query.JobId is { } other && other != _jobId
            ? null
            : await _results.ReadAsync(query with { JobId = _jobId }, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<DetectionResult> ReadAllAsync(ResultQuery query, CancellationToken cancellationToken) =>
        _results.ReadAllAsync(query with { JobId = _jobId }, cancellationToken);

    /// <inheritdoc/>
    public async Task<ImageLink?> LinkAsync(string? container, string name, string? etag, CancellationToken cancellationToken) =>
        await _links.CreateAsync(container, name, etag, cancellationToken);

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> FindImageAsync(
        string? container, string name, string? etag, CancellationToken cancellationToken)
    {
        container ??= _storage.Names.Images;
        if (!_storage.Names.IsImageContainer(container) || BlobNames.FindProblem(container, name) is not null)
        {
            return null;
        }

        try
        {
            // The length is known before the first byte is read.
            var blob = _storage.Clients.Blobs.GetBlobContainerClient(container).GetBlobClient(name);
            var isMeant = new BlobRequestConditions { IfMatch = etag is null ? null : new ETag($"\"{etag}\"") };
            var download = await blob.DownloadStreamingAsync(new BlobDownloadOptions { Conditions = isMeant }, cancellationToken);
            using var content = download.Value;
            return content.Details.ContentLength <= new ImageLimits().MaxBytes
                ? (await BinaryData.FromStreamAsync(content.Content, cancellationToken)).ToMemory()
                : (ReadOnlyMemory<byte>?)null;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
        catch (RequestFailedException exception) when (exception.Status == 412)
        {
            throw new PipelineException(
                FailureCodes.BlobChanged, $"Expected the content {etag} of '{BlobNames.Show(name)}', found that it was overwritten.", exception);
        }
    }
}
