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
        try
        {
            return await ImageNames.ReadAsync(
                _storage.Clients, _storage.Names, container, name, etag, new ImageLimits().MaxBytes, cancellationToken);
        }
        catch (PipelineException exception) when (exception.Code != FailureCodes.BlobChanged)
        {
            // There is no such image here, or none that is shown.
            return null;
        }
    }
}
