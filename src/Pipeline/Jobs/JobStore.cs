using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Requests and manifests of jobs, in container <c>jobs</c>.</summary>
/// <param name="clients">The account.</param>
/// <param name="options">What a request leaves open.</param>
/// <param name="names">Which containers hold images.</param>
/// <param name="time">The clock.</param>
public sealed partial class JobStore(
    StorageClients clients,
    IOptions<JobOptions> options,
    IOptions<StorageOptions> names,
    TimeProvider time)
{
    private const int MaxRequestBytes = 64 << 10;

    /// <summary>Checks a request, fills in the app's settings, and writes <c>jobs/&lt;jobId&gt;/request.json</c>.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="jobId">Null for a new id; an id makes the call repeatable (a timer's occurrence, for example).</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.InvalidRequest"/> or <see cref="PipelineErrorCodes.InvalidJobId"/>.
    /// </exception>
    public async Task<JobDefinition> CreateAsync(JobRequest request, string? jobId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var activity = PipelineTelemetry.Source.StartActivity("nanodet.job.start", ActivityKind.Producer);
        var job = new JobRequestReader(options.Value, names.Value).Complete(request, Required(jobId ?? NewId()), time.GetUtcNow());
        job = job with { Traceparent = activity?.Id };
        activity?.SetTag("nanodet.job.id", job.JobId);
        var content = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(job, JobJson.Default.JobDefinition);
        try
        {
            await clients.Jobs.GetBlobClient(JobNames.Request(job.JobId)).UploadAsync(
                BinaryData.FromBytes(content),
                new BlobUploadOptions
                {
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                },
                cancellationToken).ConfigureAwait(false);
            return job;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.BlobAlreadyExists || exception.Status == 412)
        {
            return await FindAsync(job.JobId, cancellationToken).ConfigureAwait(false) ?? job;
        }
    }

    /// <summary>Reads a request body.</summary>
    /// <param name="body">JSON; an empty body asks for everything.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="PipelineException">It is no request.</exception>
    public static async Task<JobRequest> ReadRequestAsync(Stream body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        var buffer = new byte[MaxRequestBytes + 1];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return length switch
        {
            0 => new JobRequest(),
            > MaxRequestBytes => throw new PipelineException(
                PipelineErrorCodes.InvalidRequest, $"Expected a request of at most {MaxRequestBytes} bytes, found more."),
            _ => MessageReader.Read(buffer.AsMemory(0, length), JobJson.Default.JobRequest),
        };
    }

    /// <summary>Reads what a job was asked for.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when there is no such job.</returns>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidJobId"/>.</exception>
    public Task<JobDefinition?> FindAsync(string jobId, CancellationToken cancellationToken) =>
        FindAsync(JobNames.Request(Required(jobId)), JobJson.Default.JobDefinition, cancellationToken);

    /// <summary>Reads what a job came to.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null while it runs, and when there is no such job.</returns>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidJobId"/>.</exception>
    public Task<JobManifest?> FindManifestAsync(string jobId, CancellationToken cancellationToken) =>
        FindAsync(JobNames.Manifest(Required(jobId)), JobJson.Default.JobManifest, cancellationToken);

    /// <summary>Lists the ids of the jobs with the greatest ids, which are the latest; the latest first.</summary>
    /// <param name="limit">At most so many, from 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<string>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var latest = new Queue<string>();
        var items = clients.Jobs.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", prefix: null, cancellationToken);
        await foreach (var item in items.ConfigureAwait(false))
        {
            if (item.IsPrefix && IsJobId(item.Prefix.TrimEnd('/')))
            {
                latest.Enqueue(item.Prefix.TrimEnd('/'));
                if (latest.Count > limit)
                {
                    latest.Dequeue();
                }
            }
        }

        return [.. latest.Reverse()];
    }

    /// <summary>True for a text that can be a job's id: 1 to 64 letters, digits and hyphens.</summary>
    /// <param name="text">The text.</param>
    public static bool IsJobId(string? text) => text is not null && IdPattern().IsMatch(text);

    /// <summary>The instance id of a job's orchestration.</summary>
    /// <param name="jobId">The job.</param>
    public static string InstanceId(string jobId) => $"job-{jobId}";

    /// <summary>The time and some chance: later jobs have greater ids.</summary>
    private string NewId() => $"{time.GetUtcNow():yyyyMMdd-HHmmss}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}";

    private static string Required(string jobId) => IsJobId(jobId)
        ? jobId
        : throw new PipelineException(
            PipelineErrorCodes.InvalidJobId, "Expected a job id of 1 to 64 letters, digits and hyphens, found another text.");

    private async Task<T?> FindAsync<T>(string name, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            var content = await clients.Jobs.GetBlobClient(name).DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            return MessageReader.Read(content.Value.Content.ToMemory(), type);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    [GeneratedRegex("^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex IdPattern();
}
