using System.Globalization;
using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Lists a job's images page by page.</summary>
public sealed class JobPager
{
    // Records that are looked up at the same time.
    private const int LookupConcurrency = 16;

    private const string CountKey = "nanodetcount";
    private const string FilteredKey = "nanodetfiltered";
    private const string NextKey = "nanodetnext";

    private readonly StorageClients _clients;
    private readonly ResultRecords _records;
    private readonly JobOptions _options;
    private readonly ILogger _logger;

    /// <summary>A lister of jobs.</summary>
    /// <param name="clients">The account.</param>
    /// <param name="records">Records of images.</param>
    /// <param name="options">Settings.</param>
    /// <param name="logger">The log.</param>
    public JobPager(StorageClients clients, ResultRecords records, IOptions<JobOptions> options, ILogger<JobPager> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _clients = clients;
        _records = records;
        _options = options.Value;
        _logger = logger;
    }

    /// <summary>Lists one page into staging. A page that was listed before stays as it was.</summary>
    /// <param name="request">Which page.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<JobPage> ListAsync(JobPageRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (await FindAsync(request, cancellationToken).ConfigureAwait(false) is { } before)
        {
            return before;
        }

        var (images, filtered, next) = await ReadPageAsync(request, cancellationToken).ConfigureAwait(false);
        var metadata = new Dictionary<string, string>
        {
            [CountKey] = images.Count.ToString(CultureInfo.InvariantCulture),
            [FilteredKey] = filtered.ToString(CultureInfo.InvariantCulture),
        };
        if (next is not null)
        {
            // Opaque, and so perhaps no text that a header may hold.
            metadata[NextKey] = Convert.ToBase64String(Encoding.UTF8.GetBytes(next));
        }

        var page = Describe(request, images.Count, filtered, next);
        var isFirst = await NdjsonLines.TryCreateAsync(
            _clients.Staging.GetBlobClient(page.Blob),
            NdjsonLines.Serialize(images, MessageJson.Default.ImageMessage),
            metadata,
            cancellationToken).ConfigureAwait(false);
        Log.PageListed(_logger, page.JobId, page.Page, page.Count, page.Filtered);
        return isFirst ? page : await FindAsync(request, cancellationToken).ConfigureAwait(false) ?? page;
    }

    private async Task<JobPage?> FindAsync(JobPageRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var blob = _clients.Staging.GetBlobClient(BatchNames.PageList(request.Job.JobId, request.Page));
            BlobProperties properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return Describe(
                request,
                int.Parse(properties.Metadata[CountKey], CultureInfo.InvariantCulture),
                int.Parse(properties.Metadata[FilteredKey], CultureInfo.InvariantCulture),
                properties.Metadata.TryGetValue(NextKey, out var next) ? Encoding.UTF8.GetString(Convert.FromBase64String(next)) : null);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private async Task<(IReadOnlyList<ImageMessage> Images, int Filtered, string? Next)> ReadPageAsync(
        JobPageRequest request,
        CancellationToken cancellationToken)
    {
        var job = request.Job;
        if (job.List is not null)
        {
            return await ReadListAsync(request, cancellationToken).ConfigureAwait(false);
        }

        var pages = _clients.Blobs.GetBlobContainerClient(job.Container)
            .GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, job.Prefix, cancellationToken)
            .AsPages(request.Token, job.PageSize);
        await foreach (var page in pages.ConfigureAwait(false))
        {
            var filter = new JobFilter(job.Prefix, job.Filter);
            var images = page.Values
                .Where(blob => !FolderMarkers.IsMarker(blob.Name, blob.Properties.ContentLength, blob.Metadata))
                .Where(blob => filter.Matches(blob.Name))
                .Select(blob => new ImageMessage
                {
                    Container = job.Container,
                    Name = blob.Name,
                    Etag = BlobNames.Etag(blob.Properties.ETag?.ToString()),
                    Bytes = blob.Properties.ContentLength,
                })
                .ToArray();
            if (job.OnlyFailed)
            {
                images = await KeepFailedAsync(images, job, cancellationToken).ConfigureAwait(false);
            }

            var next = string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken;
            return (images, page.Values.Count - images.Length, next);
        }

        return ([], 0, null);
    }

    /// <summary>A page of a list: as many names as a page has, each once. The token is where the next one begins, in bytes.</summary>
    private async Task<(IReadOnlyList<ImageMessage> Images, int Filtered, string? Next)> ReadListAsync(
        JobPageRequest request, CancellationToken cancellationToken)
    {
        var job = request.Job;
        var start = request.Token is null ? 0 : long.Parse(request.Token, CultureInfo.InvariantCulture);
        var (names, next) = await JobList.ReadAsync(
            _clients.Jobs.GetBlobClient(job.List!), job.ListEtag, start, job.PageSize, cancellationToken).ConfigureAwait(false);
        var images = names.Distinct(StringComparer.Ordinal)
            .Select(name => new ImageMessage { Container = job.Container, Name = name })
            .ToArray();
        images = await KeepAsync(
            images,
            async (image, token) => !await IsFolderAsync(image, token).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        if (job.OnlyFailed)
        {
            images = await KeepFailedAsync(images, job, cancellationToken).ConfigureAwait(false);
        }

        return (images, names.Count - images.Length, next?.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// Whether a name of a list is that of a folder. A list that a tool made has them, and of the blob itself it says nothing: those whose
    /// names end with a slash are looked at.
    /// </summary>
    private async Task<bool> IsFolderAsync(ImageMessage image, CancellationToken cancellationToken)
    {
        if (!image.Name.EndsWith('/') || BlobNames.FindProblem(image.Container, image.Name) is not null)
        {
            return false;
        }

        try
        {
            BlobProperties properties = await _clients.Image(image.Container, image.Name)
                .GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return FolderMarkers.IsMarker(image.Name, properties.ContentLength, properties.Metadata);
        }
        catch (RequestFailedException exception) when (exception.Status is 403 or 404 or 409)
        {
            // The blob is not there, or storage refuses it. The worker says so of this one; here it would end the job.
            return false;
        }
    }

    private Task<ImageMessage[]> KeepFailedAsync(ImageMessage[] images, JobDefinition job, CancellationToken cancellationToken)
    {
        return KeepAsync(images, IsFailedAsync, cancellationToken);

        async Task<bool> IsFailedAsync(ImageMessage image, CancellationToken token)
        {
            // A name that can have no record would be looked up under that of another image.
            var record = BlobNames.FindProblem(image.Container, image.Name) is null
                ? await _records.FindAsync(image.Container, image.Name, token).ConfigureAwait(false)
                : null;
            return record?.Status == DetectionStatus.Failed && Takes(job, record, image.Etag);
        }
    }

    /// <summary>The images that a look-up keeps, in their order.</summary>
    private static async Task<ImageMessage[]> KeepAsync(
        ImageMessage[] images, Func<ImageMessage, CancellationToken, Task<bool>> keeps, CancellationToken cancellationToken)
    {
        var isKept = new bool[images.Length];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, images.Length),
            new ParallelOptions { MaxDegreeOfParallelism = LookupConcurrency, CancellationToken = cancellationToken },
            async (i, token) => isKept[i] = await keeps(images[i], token).ConfigureAwait(false)).ConfigureAwait(false);
        return [.. images.Where((_, i) => isKept[i])];
    }

    private static bool Takes(JobDefinition job, ResultRecord record, string? etag)
    {
        if (!job.IncludeCrashed && record.Error == FailureCodes.WorkerCrashed)
        {
            return false;
        }

        // A record of an app that did not write codes says nothing; content that was overwritten since has no failure yet.
        var isFinal = record.Error is { } code && FailureCodes.IsOfContent(code) && (etag is null || etag == record.ImageEtag);
        return (!job.OnlyRetryable || !isFinal)
            && (job.FailureCodes is not { } codes || (record.Error is { } error && codes.Items.Contains(error)));
    }

    private static JobPage Describe(JobPageRequest request, int count, int filtered, string? next) => new(
        request.Job.JobId,
        request.Page,
        BatchNames.PageList(request.Job.JobId, request.Page),
        count,
        filtered,
        next,
        JobNames.Results(request.Job.JobId, request.Page, request.Job.PageSize));
}
