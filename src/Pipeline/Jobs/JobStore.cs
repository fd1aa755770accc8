using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Announcing;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Requests and manifests of jobs, in container <c>jobs</c>.</summary>
/// <param name="clients">The account.</param>
/// <param name="options">What a request leaves open.</param>
/// <param name="names">Which containers hold images.</param>
/// <param name="ends">Hosts that webhooks may have.</param>
/// <param name="time">The clock.</param>
public sealed class JobStore(
    StorageClients clients,
    IOptions<JobOptions> options,
    IOptions<StorageOptions> names,
    IOptions<JobEndOptions> ends,
    TimeProvider time)
{
    /// <summary>The most bytes of a request's body.</summary>
    public const int MaxRequestBytes = 64 << 10;

    /// <summary>The most bytes of a list of images that is kept.</summary>
    public const int MaxListBytes = 64 << 20;

    private const int MaxKeyLength = 128;

    /// <summary>Says that each name of a list comes once.</summary>
    private const string OnceKey = "nanodetonce";

    private static readonly SemaphoreSlim OwnLists = new(1);

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
        var wanted = await WithListAsync(
            Complete(request, Required(jobId ?? NewId())), request.Images, cancellationToken).ConfigureAwait(false);
        var (job, _) = await WriteAsync(wanted, cancellationToken).ConfigureAwait(false);
        return job;
    }

    /// <summary>Like <see cref="CreateAsync"/>, for a caller who may send the same request again: it stays one job.</summary>
    /// <param name="request">What was asked for; its <see cref="JobRequest.Id"/> is the job's, if it has one.</param>
    /// <param name="key">An idempotency key of the caller's choice, 1 to 128 printable ASCII characters; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The job, and whether this call made it.</returns>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.InvalidRequest"/>, <see cref="PipelineErrorCodes.InvalidJobId"/>, or, where the id or the key came
    /// with another request before, <see cref="PipelineErrorCodes.JobIdTaken"/> or <see cref="PipelineErrorCodes.KeyReused"/>.
    /// </exception>
    public async Task<(JobDefinition Job, bool IsNew)> CreateOnceAsync(
        JobRequest request, string? key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (key is not null && request.Id is not null)
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest, "id: expected either it or the header Idempotency-Key, found both.");
        }

        // Checked before the key is taken: a request that is refused may be mended and sent under the same key.
        var wanted = await WithListAsync(
            Complete(request, Required(request.Id ?? NewId())), request.Images, cancellationToken).ConfigureAwait(false);
        if (key is not null)
        {
            wanted = wanted with { JobId = await ClaimAsync(RequiredKey(key), wanted.JobId, cancellationToken).ConfigureAwait(false) };
        }

        var (job, isNew) = await WriteAsync(wanted, cancellationToken).ConfigureAwait(false);
        return isNew || IsSame(request, wanted, job)
            ? (job, isNew)
            : throw new PipelineException(
                key is null ? PipelineErrorCodes.JobIdTaken : PipelineErrorCodes.KeyReused,
                key is null
                    ? $"id: expected an id of its own for another request, found that of job {job.JobId}."
                    : $"Idempotency-Key: expected a key of its own for another request, found that of job {job.JobId}.");
    }

    /// <summary>An id for a new job: the time and some chance, so that later jobs have greater ids.</summary>
    /// <param name="now">The time.</param>
    public static string CreateId(DateTimeOffset now) =>
        $"{now.UtcDateTime:yyyyMMdd-HHmmss}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}";

    /// <summary>Why a prefix or a filter would not mean what it says; null when both do.</summary>
    /// <param name="prefix">See <see cref="JobRequest.Prefix"/>.</param>
    /// <param name="filter">See <see cref="JobRequest.Filter"/>.</param>
    public static string? FindScopeProblem(string? prefix, string? filter) => JobRequestReader.FindScopeProblem(prefix, filter);

    /// <summary>The names of a list of images, as a job reads it: a line is a name, a JSON text, or an object with <c>name</c>.</summary>
    /// <param name="content">UTF-8.</param>
    public static IEnumerable<string> ReadList(ReadOnlyMemory<byte> content)
    {
        while (!content.IsEmpty)
        {
            var end = content.Span.IndexOf((byte)'\n');
            if (JobList.Parse(end < 0 ? content.Span : content.Span[..end]) is { } name)
            {
                yield return name;
            }

            content = end < 0 ? default : content[(end + 1)..];
        }
    }

    /// <summary>
    /// Keeps a list of images under a name that follows from its content, unless it is there. A name that comes again is left out.
    /// </summary>
    /// <param name="content">UTF-8, a name on each line, as <see cref="ReadList"/> takes them; at most <see cref="MaxListBytes"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The list, and whether this call made it.</returns>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidRequest"/>: there is no name in it.</exception>
    public async Task<(StoredList List, bool IsNew)> StoreListAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var (once, count) = ListOnce.Keep(content);
        if (count == 0)
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest, $"Expected names of images, a line each, found none in {content.Length} bytes.");
        }

        var (name, isNew) = await KeepAsync(once, cancellationToken).ConfigureAwait(false);
        return (new StoredList(name, count, once.Length), isNew);
    }

    /// <summary>Reads a request body.</summary>
    /// <param name="body">JSON; <c>{}</c>, or <c>"all": true</c>, asks for every image, and an empty body for nothing.</param>
    /// <exception cref="PipelineException">It is no request, is too long, or has a field that no request has.</exception>
    public static JobRequest ReadRequest(ReadOnlyMemory<byte> body) => body.Length <= MaxRequestBytes
        ? JobRequestBody.Read(body)
        : throw new PipelineException(
            PipelineErrorCodes.InvalidRequest, $"Expected a request of at most {MaxRequestBytes} bytes, found more.");

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
    /// <param name="continuation">What the page before gave; null for the latest jobs.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The ids, and what continues the list; null at its end.</returns>
    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidRequest"/>: no page gave that continuation.</exception>
    public async Task<(IReadOnlyList<string> Ids, string? Continuation)> ListAsync(
        int limit, string? continuation, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        if (continuation is not null && !IsJobId(continuation))
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest, "continuation: expected what the page before said, found something else.");
        }

        // Storage lists from the smallest id, so every page passes what is older. One more than wanted tells whether there is more.
        var latest = new Queue<string>();
        var items = clients.Jobs.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", prefix: null, cancellationToken);
        await foreach (var item in items.ConfigureAwait(false))
        {
            if (item.IsPrefix && item.Prefix.TrimEnd('/') is var id && IsJobId(id))
            {
                // With the slash, as storage has them in order: "a-2/" is before "a/".
                if (continuation is not null && string.CompareOrdinal(item.Prefix, $"{continuation}/") >= 0)
                {
                    break;
                }

                latest.Enqueue(id);
                if (latest.Count > limit + 1)
                {
                    latest.Dequeue();
                }
            }
        }

        string[] ids = [.. latest.Reverse().Take(limit)];
        return (ids, latest.Count > limit ? ids[^1] : null);
    }

    /// <summary>True for a text that can be a job's id: 1 to 64 letters, digits and hyphens.</summary>
    /// <param name="text">The text.</param>
    public static bool IsJobId(string? text) => BatchIds.IsJobId(text);

    /// <summary>The instance id of a job's orchestration.</summary>
    /// <param name="jobId">The job.</param>
    public static string InstanceId(string jobId) => $"job-{jobId}";

    private string NewId() => CreateId(time.GetUtcNow());

    private JobDefinition Complete(JobRequest request, string jobId) =>
        new JobRequestReader(options.Value, names.Value, ends.Value, clients.IsEmulated).Complete(request, jobId, time.GetUtcNow());

    /// <summary>Writes a list of names that came with the request, and looks at the list that it names.</summary>
    private async Task<JobDefinition> WithListAsync(JobDefinition job, TextList? images, CancellationToken cancellationToken)
    {
        if (images is { } inline)
        {
            var content = JobList.Write(inline.Items.Distinct(StringComparer.Ordinal));
            job = job with { List = (await KeepAsync(content, cancellationToken).ConfigureAwait(false)).Name };
        }

        if (job.List is null)
        {
            return job;
        }

        try
        {
            BlobProperties list = await clients.Jobs.GetBlobClient(job.List)
                .GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return list.Metadata.ContainsKey(OnceKey) || list.ContentLength > MaxListBytes
                ? job with { ListEtag = BlobNames.Etag(list.ETag.ToString()) }
                : await WithOwnListAsync(job, job.List, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest,
                $"list: expected a blob {job.List} in container '{names.Value.Jobs}', found none.");
        }
    }

    /// <summary>
    /// Looks through a list that somebody has put there: the job takes it as it stands, or a copy in which each name comes once. An image
    /// has one line in a job, and the pages of a list know nothing of each other.
    /// </summary>
    private async Task<JobDefinition> WithOwnListAsync(JobDefinition job, string name, CancellationToken cancellationToken)
    {
        // One at a time: each takes as much memory as its list, and more.
        await OwnLists.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            BlobDownloadResult list = await clients.Jobs.GetBlobClient(name)
                .DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            var content = list.Content.ToMemory();
            var (once, _) = ListOnce.Keep(content);
            if (once.Length == content.Length)
            {
                return job with { ListEtag = BlobNames.Etag(list.Details.ETag.ToString()) };
            }

            (name, _) = await KeepAsync(once, cancellationToken).ConfigureAwait(false);
            BlobProperties copy = await clients.Jobs.GetBlobClient(name)
                .GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return job with { List = name, ListEtag = BlobNames.Etag(copy.ETag.ToString()) };
        }
        finally
        {
            OwnLists.Release();
        }
    }

    /// <summary>Keeps a list in which each name comes once.</summary>
    private async Task<(string Name, bool IsNew)> KeepAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var name = JobNames.List(content.Span);
        var metadata = new Dictionary<string, string> { [OnceKey] = bool.TrueString };
        var isNew = await NdjsonLines.TryCreateAsync(clients.Jobs.GetBlobClient(name), content, metadata, cancellationToken)
            .ConfigureAwait(false);
        return (name, isNew);
    }

    /// <summary>Writes the request of a job, unless it is there.</summary>
    private async Task<(JobDefinition Job, bool IsNew)> WriteAsync(JobDefinition job, CancellationToken cancellationToken)
    {
        using var activity = PipelineTelemetry.Source.StartActivity("nanodet.job.start", ActivityKind.Producer);
        activity?.SetTag("nanodet.job.id", job.JobId);
        job = job with { Traceparent = activity?.Id };
        var name = JobNames.Request(job.JobId);
        return await TryCreateAsync(name, job, JobJson.Default.JobDefinition, cancellationToken).ConfigureAwait(false)
            ? (job, true)
            : (await FindAsync(job.JobId, cancellationToken).ConfigureAwait(false) ?? job, false);
    }

    /// <summary>The job that a key stands for: the one that came with it first.</summary>
    private async Task<string> ClaimAsync(string key, string jobId, CancellationToken cancellationToken)
    {
        var name = JobNames.Key(key);
        if (await TryCreateAsync(name, new JobKey(jobId), JobJson.Default.JobKey, cancellationToken).ConfigureAwait(false))
        {
            return jobId;
        }

        return await FindAsync(name, JobJson.Default.JobKey, cancellationToken).ConfigureAwait(false) is { } before
            ? Required(before.JobId)
            : jobId;
    }

    private async Task<bool> TryCreateAsync<T>(string name, T document, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            await clients.Jobs.GetBlobClient(name).UploadAsync(
                BinaryData.FromBytes(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(document, type)),
                new BlobUploadOptions
                {
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                },
                cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.BlobAlreadyExists || exception.Status == 412)
        {
            return false;
        }
    }

    /// <summary>Whether a request asks for what a job was asked for; what it leaves open was perhaps another setting then.</summary>
    private static bool IsSame(JobRequest request, JobDefinition wanted, JobDefinition job) => job == wanted with
    {
        CreatedUtc = job.CreatedUtc,
        Traceparent = job.Traceparent,
        PageSize = request.PageSize ?? job.PageSize,
        PagesInFlight = request.PagesInFlight ?? job.PagesInFlight,
        BatchSize = request.BatchSize ?? job.BatchSize,
    };

    private static string RequiredKey(string key) =>
        key.Length is >= 1 and <= MaxKeyLength && key.All(character => character is > ' ' and <= '~')
            ? key
            : throw new PipelineException(
                PipelineErrorCodes.InvalidRequest,
                $"Idempotency-Key: expected 1 to {MaxKeyLength} printable ASCII characters without spaces, found '{BlobNames.Show(key)}'.");

    private static string Required(string jobId) => IsJobId(jobId)
        ? jobId
        : throw new PipelineException(
            PipelineErrorCodes.InvalidJobId,
            $"id: expected 1 to 64 letters, digits and hyphens, no hyphen at an end, found '{BlobNames.Show(jobId)}'.");

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
}
