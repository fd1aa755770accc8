using System.Runtime.CompilerServices;
using System.Threading.Channels;
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

    /// <summary>Finds them, and queues each of them again, however long it has been waiting.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<ReconcileReport> RunAsync(CancellationToken cancellationToken) => RunAsync(previousRun: null, cancellationToken);

    /// <summary>
    /// Finds those whose time has come since the previous run, and queues each of them again: when an image's age passes the grace, and
    /// then each time it has doubled. So an outage or a backlog, in which no image has its record, does not fill the queue with every
    /// image at every run.
    /// </summary>
    /// <param name="previousRun">When it ran last; null when that is not known: then all of them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ReconcileReport> RunAsync(DateTimeOffset? previousRun, CancellationToken cancellationToken)
    {
        var examined = 0L;
        var queued = 0L;
        var found = FindLostAsync(previousRun, () => Interlocked.Increment(ref examined), cancellationToken);
        await foreach (var image in found.ConfigureAwait(false))
        {
            await _queues.SendImageAsync(image, cancellationToken).ConfigureAwait(false);
            queued++;
        }

        Log.Reconciled(_logger, examined, queued);
        return new ReconcileReport(examined, queued);
    }

    /// <summary>Finds them.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public IAsyncEnumerable<ImageMessage> FindLostAsync(CancellationToken cancellationToken) =>
        FindLostAsync(previousRun: null, static () => { }, cancellationToken);

    /// <summary>How often an image was due until its age: 0 below the grace, then one more with each doubling.</summary>
    internal static int CountDue(TimeSpan age, TimeSpan grace)
    {
        if (age < grace || age < TimeSpan.Zero)
        {
            return 0;
        }

        // Nothing can be doubled without a grace.
        var first = grace < TimeSpan.FromMinutes(1) ? TimeSpan.FromMinutes(1) : grace;
        return 1 + (int)Math.Max(0, Math.Floor(Math.Log2(age / first)));
    }

    private async IAsyncEnumerable<ImageMessage> FindLostAsync(
        DateTimeOffset? previousRun,
        Action onExamined,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A new stamp for each run: the batches of the run before must not pass for these.
        var stamp = $"reconcile-{_time.GetUtcNow():yyyyMMddHHmmss}";
        var channel = Channel.CreateBounded<ImageMessage>(LookupConcurrency);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var search = SearchAsync(channel.Writer, previousRun, stamp, onExamined, stop.Token);
        try
        {
            await foreach (var image in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return image;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await search.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SearchAsync(
        ChannelWriter<ImageMessage> found,
        DateTimeOffset? previousRun,
        string stamp,
        Action onExamined,
        CancellationToken cancellationToken)
    {
        try
        {
            foreach (var container in new[] { _names.Images }.Concat(_names.MoreImages))
            {
                await Parallel.ForEachAsync(
                    ListAsync(container, previousRun, cancellationToken),
                    new ParallelOptions { MaxDegreeOfParallelism = LookupConcurrency, CancellationToken = cancellationToken },
                    async (blob, token) =>
                    {
                        onExamined();
                        if (!await _records.HasAsync(container, blob.Name, blob.Properties.ETag, token).ConfigureAwait(false))
                        {
                            await found.WriteAsync(
                                new ImageMessage
                                {
                                    Container = container,
                                    Name = blob.Name,
                                    Etag = BlobNames.Etag(blob.Properties.ETag?.ToString()),
                                    Bytes = blob.Properties.ContentLength,
                                    Stamp = stamp,
                                },
                                token).ConfigureAwait(false);
                        }
                    }).ConfigureAwait(false);
            }

            found.Complete();
        }
        catch (Exception exception)
        {
            found.Complete(exception);
        }
    }

    private async IAsyncEnumerable<BlobItem> ListAsync(
        string container,
        DateTimeOffset? previousRun,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var from = now - _options.LookBack;
        var to = now - _options.Grace;
        var blobs = _clients.Blobs.GetBlobContainerClient(container).GetBlobsAsync(
            BlobTraits.Metadata, BlobStates.None, prefix: null, cancellationToken);
        await foreach (var blob in blobs.ConfigureAwait(false))
        {
            if (blob.Properties.LastModified is { } changed && changed >= from && changed <= to && IsDue(changed) && CanHaveRecord(blob))
            {
                yield return blob;
            }
        }

        bool CanHaveRecord(BlobItem blob)
        {
            if (FolderMarkers.IsMarker(blob.Name, blob.Properties.ContentLength, blob.Metadata))
            {
                return false;
            }

            if (BlobNames.FindProblem(container, blob.Name) is { } problem)
            {
                Log.NameLeftOut(_logger, container, BlobNames.Show(blob.Name), problem);
                return false;
            }

            return true;
        }

        bool IsDue(DateTimeOffset changed) => previousRun is not { } previous
            || CountDue(now - changed, _options.Grace) > CountDue(previous - changed, _options.Grace);
    }
}
