using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Reconciliation;

/// <summary>Finds images without a terminal record of their present content.</summary>
public sealed class Reconciler
{
    // Records that are looked up at the same time.
    private const int LookupConcurrency = 16;

    private const string ProgressName = "reconcile/progress.json";

    /// <summary>An image is queued a little later than it is uploaded, or found due.</summary>
    private static readonly TimeSpan QueueingTime = TimeSpan.FromMinutes(1);

    private readonly StorageClients _clients;
    private readonly MessageQueues _queues;
    private readonly ResultRecords _records;
    private readonly ReconcileOptions _options;
    private readonly StorageOptions _names;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>A reconciler.</summary>
    /// <param name="clients">The account.</param>
    /// <param name="queues">Its queues.</param>
    /// <param name="records">Records of images.</param>
    /// <param name="options">Settings.</param>
    /// <param name="names">Names of containers and queues.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public Reconciler(
        StorageClients clients,
        MessageQueues queues,
        ResultRecords records,
        IOptions<ReconcileOptions> options,
        IOptions<StorageOptions> names,
        TimeProvider time,
        ILogger<Reconciler> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(names);
        _clients = clients;
        _queues = queues;
        _records = records;
        _options = options.Value;
        _names = names.Value;
        _time = time;
        _logger = logger;
    }

    /// <summary>Blobs in a page of a list, after which a run may end.</summary>
    internal int PageSize { get; init; } = 1000;

    /// <summary>
    /// Looks at every image at once, without a limit, and queues again those without a record that do not wait in a queue. The progress
    /// of the other runs stays as it is.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ReconcileReport> RunAsync(CancellationToken cancellationToken)
    {
        var run = await BeginAsync(new ReconcileProgress { Began = _time.GetUtcNow() }, cancellationToken).ConfigureAwait(false);
        while (await run.NextPageAsync(cancellationToken).ConfigureAwait(false))
        {
            // Everything.
        }

        return Report(run);
    }

    /// <summary>
    /// Goes on with the sweep that the run before it did not finish, or begins one. A sweep finds the images whose time has come since the
    /// sweep before it, and queues each of them again: when its age passes the grace, and then each time it has doubled. So an outage
    /// or a backlog, in which no image has its record, does not fill the queue with every image at every run. An image whose message may
    /// still wait in a queue is left alone until its age has doubled. A run ends at <see cref="ReconcileOptions.MaxTime"/> or
    /// <see cref="ReconcileOptions.MaxImages"/>; how far it came is stored.
    /// </summary>
    /// <param name="previousRun">Where no progress is stored: when it ran last; null when that is not known, too: then all of them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ReconcileReport> RunAsync(DateTimeOffset? previousRun, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var stored = await FindProgressAsync(cancellationToken).ConfigureAwait(false);
        var progress = stored is { IsFinished: false }
            ? stored
            : new ReconcileProgress { Since = stored?.Began ?? previousRun, Began = _time.GetUtcNow() };
        var run = await BeginAsync(progress, cancellationToken).ConfigureAwait(false);
        while (await run.NextPageAsync(cancellationToken).ConfigureAwait(false)
            && run.Queued < _options.MaxImages
            && _time.GetElapsedTime(began) < _options.MaxTime)
        {
            // One page after the other.
        }

        await _clients.Staging.GetBlobClient(ProgressName).UploadAsync(
            BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(run.Progress, ReconcileJson.Default.ReconcileProgress)),
            overwrite: true,
            cancellationToken).ConfigureAwait(false);
        return Report(run);
    }

    /// <summary>How often an image was due until its age: 0 below the grace, then one more with each doubling.</summary>
    internal static int CountDue(TimeSpan age, TimeSpan grace)
    {
        if (age < grace || age < TimeSpan.Zero)
        {
            return 0;
        }

        return 1 + (int)Math.Max(0, Math.Floor(Math.Log2(age / FirstAge(grace))));
    }

    /// <summary>When an image was queued last, at the earliest: by its upload, or when it was due before.</summary>
    /// <param name="changed">When it was uploaded.</param>
    /// <param name="due">How often it was due, now included.</param>
    /// <param name="grace">The age of the first time.</param>
    internal static DateTimeOffset LastQueued(DateTimeOffset changed, int due, TimeSpan grace) =>
        due < 2 ? changed : changed + (FirstAge(grace) * Math.Pow(2, due - 2));

    // Nothing can be doubled without a grace.
    private static TimeSpan FirstAge(TimeSpan grace) => grace < TimeSpan.FromMinutes(1) ? TimeSpan.FromMinutes(1) : grace;

    private ReconcileReport Report(Run run)
    {
        var report = new ReconcileReport(run.Examined, run.Queued, run.Waiting, run.Progress.IsFinished);
        Log.Reconciled(_logger, report.Examined, report.Queued, report.Waiting);
        if (!report.IsFinished)
        {
            Log.ReconcileGoesOn(_logger, _options.MaxTime, _options.MaxImages);
        }

        return report;
    }

    private async Task<ReconcileProgress?> FindProgressAsync(CancellationToken cancellationToken)
    {
        try
        {
            var content = await _clients.Staging.GetBlobClient(ProgressName).DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            return JsonSerializer.Deserialize(content.Value.Content.ToMemory().Span, ReconcileJson.Default.ReconcileProgress);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
        catch (JsonException exception)
        {
            // Somebody else's; the next sweep begins anew.
            Log.ReconcileProgressUnreadable(_logger, ProgressName, exception);
            return null;
        }
    }

    private async Task<Run> BeginAsync(ReconcileProgress progress, CancellationToken cancellationToken) => new(
        this, progress, await _queues.FindOldestWaitingAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>One run over the pages of the containers.</summary>
    private sealed class Run(Reconciler owner, ReconcileProgress progress, DateTimeOffset? oldestWaiting)
    {
        // A new stamp for each run: the batches of the run before must not pass for these.
        private readonly string _stamp = $"reconcile-{owner._time.GetUtcNow():yyyyMMddHHmmss}";
        private readonly string[] _containers = [owner._names.Images, .. owner._names.MoreImages];
        private long _examined;
        private long _queued;
        private long _waiting;

        public ReconcileProgress Progress { get; private set; } = progress;

        public long Examined => Volatile.Read(ref _examined);

        public long Queued => Volatile.Read(ref _queued);

        public long Waiting => Volatile.Read(ref _waiting);

        /// <summary>Examines a page.</summary>
        /// <returns>Whether there is another.</returns>
        public async Task<bool> NextPageAsync(CancellationToken cancellationToken)
        {
            if (Progress.Container >= _containers.Length)
            {
                Progress = Progress with { IsFinished = true };
                return false;
            }

            var container = _containers[Progress.Container];
            string? continuation = null;
            await foreach (var page in owner._clients.Blobs.GetBlobContainerClient(container)
                .GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix: null, cancellationToken)
                .AsPages(Progress.Continuation, owner.PageSize).ConfigureAwait(false))
            {
                await Parallel.ForEachAsync(
                    page.Values,
                    new ParallelOptions { MaxDegreeOfParallelism = LookupConcurrency, CancellationToken = cancellationToken },
                    async (blob, token) => await ExamineAsync(container, blob, token).ConfigureAwait(false)).ConfigureAwait(false);
                continuation = string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken;
                break;
            }

            Progress = continuation is null
                ? Progress with { Container = Progress.Container + 1, Continuation = null }
                : Progress with { Continuation = continuation };
            Progress = Progress with { IsFinished = Progress.Container >= _containers.Length };
            return !Progress.IsFinished;
        }

        private async Task ExamineAsync(string container, BlobItem blob, CancellationToken cancellationToken)
        {
            var options = owner._options;
            if (blob.Properties.LastModified is not { } changed || changed < Progress.Began - options.LookBack)
            {
                return;
            }

            var due = CountDue(Progress.Began - changed, options.Grace);
            if (due == 0 || (Progress.Since is { } since && due <= CountDue(since - changed, options.Grace)))
            {
                return;
            }

            if (FolderMarkers.IsMarker(blob.Name, blob.Properties.ContentLength, blob.Metadata))
            {
                return;
            }

            if (BlobNames.FindProblem(container, blob.Name) is { } problem)
            {
                Log.NameLeftOut(owner._logger, container, BlobNames.Show(blob.Name), problem);
                return;
            }

            Interlocked.Increment(ref _examined);
            if (await owner._records.HasAsync(container, blob.Name, blob.Properties.ETag, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            // Queues are worked off from their oldest message on: one that was put in later than the oldest is there still.
            if (oldestWaiting is { } oldest && LastQueued(changed, due, options.Grace) > oldest - QueueingTime)
            {
                Interlocked.Increment(ref _waiting);
                return;
            }

            var message = new ImageMessage
            {
                Container = container,
                Name = blob.Name,
                Etag = BlobNames.Etag(blob.Properties.ETag?.ToString()),
                Bytes = blob.Properties.ContentLength,
                Stamp = _stamp,
            };
            await owner._queues.SendImageAsync(message, cancellationToken).ConfigureAwait(false);
            Interlocked.Increment(ref _queued);
        }
    }
}
