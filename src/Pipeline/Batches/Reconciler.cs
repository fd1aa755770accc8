using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Results;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Finds images without a terminal record of their present content.</summary>
public sealed class Reconciler
{
    private readonly StorageClients _clients;
    private readonly MessageQueues _queues;
    private readonly ResultRecords _records;
    private readonly ReconcileOptions _options;
    private readonly StorageOptions _names;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    internal Reconciler(
        StorageClients clients,
        MessageQueues queues,
        ResultRecords records,
        IOptions<ReconcileOptions> options,
        IOptions<StorageOptions> names,
        TimeProvider time,
        ILogger<Reconciler> logger)
    {
        _clients = clients;
        _queues = queues;
        _records = records;
        _options = options.Value;
        _names = names.Value;
        _time = time;
        _logger = logger;
    }

    /// <summary>Finds them, and queues each of them again.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ReconcileReport> RunAsync(CancellationToken cancellationToken)
    {
        var examined = 0L;
        var queued = 0L;
        await foreach (var image in FindLostAsync(() => Interlocked.Increment(ref examined), cancellationToken).ConfigureAwait(false))
        {
            await _queues.SendImageAsync(image, cancellationToken).ConfigureAwait(false);
            queued++;
        }

        Log.Reconciled(_logger, examined, queued);
        return new ReconcileReport(examined, queued);
    }

    /// <summary>Finds them.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public IAsyncEnumerable<ImageMessage> FindLostAsync(CancellationToken cancellationToken) =>
        FindLostAsync(static () => { }, cancellationToken);

    private async IAsyncEnumerable<ImageMessage> FindLostAsync(
        Action onExamined,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A new stamp for each run: the batches of the run before must not pass for these.
        var stamp = $"reconcile-{_time.GetUtcNow():yyyyMMddHHmmss}";
        var channel = Channel.CreateBounded<ImageMessage>(_options.Concurrency);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var search = SearchAsync(channel.Writer, stamp, onExamined, stop.Token);
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

    private async Task SearchAsync(ChannelWriter<ImageMessage> found, string stamp, Action onExamined, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var container in new[] { _names.Images }.Concat(_names.MoreImages))
            {
                await Parallel.ForEachAsync(
                    ListAsync(container, cancellationToken),
                    new ParallelOptions { MaxDegreeOfParallelism = _options.Concurrency, CancellationToken = cancellationToken },
                    async (blob, token) =>
                    {
                        onExamined();
                        var etag = BlobNames.Etag(blob.Properties.ETag?.ToString());
                        var record = await _records.FindAsync(container, blob.Name, token).ConfigureAwait(false);
                        if (record?.Status is null || record.ImageEtag != etag)
                        {
                            await found.WriteAsync(
                                new ImageMessage
                                {
                                    Container = container,
                                    Name = blob.Name,
                                    Etag = etag,
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

    private async IAsyncEnumerable<BlobItem> ListAsync(string container, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var from = now - _options.LookBack;
        var to = now - _options.Grace;
        var blobs = _clients.Blobs.GetBlobContainerClient(container).GetBlobsAsync(cancellationToken: cancellationToken);
        await foreach (var blob in blobs.ConfigureAwait(false))
        {
            if (blob.Properties.LastModified is { } changed && changed >= from && changed <= to)
            {
                yield return blob;
            }
        }
    }
}
