using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Reconciliation;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Uploads;

/// <summary>
/// Lists what was uploaded lately. A blob trigger that polls compares times in whole seconds and remembers the latest that it saw: what is
/// uploaded in that second after it looked is not seen again. A sweep looks back further than the sweep before it began, so every upload is
/// listed by one that began after it. The first one of a process cannot know when that was: a process that was killed may have been in the
/// middle of a long sweep. It looks back to where <see cref="Reconciler"/> begins, so that nothing is between the two.
/// </summary>
/// <remarks>
/// A run lists at most <see cref="BlobsPerRun"/> blobs; a larger container takes several runs for a sweep. Runs of one container must not
/// overlap. What a run has found may be found again by the next: <see cref="UploadRegister"/> tells.
/// </remarks>
/// <param name="clients">The account.</param>
/// <param name="reconciliation">Which uploads are left to the reconciliation.</param>
/// <param name="time">The clock; the account's may differ by <see cref="Overlap"/>.</param>
public sealed class UploadSweep(StorageClients clients, IOptions<ReconcileOptions> reconciliation, TimeProvider time)
{
    /// <summary>Blobs that a run lists: two pages.</summary>
    public const int BlobsPerRun = 10_000;

    private const int PageSize = 5000;
    private const int Concurrency = 16;

    private readonly ConcurrentDictionary<string, Progress> _progress = new(StringComparer.Ordinal);

    /// <summary>How far a sweep looks back beyond the begin of the one before it.</summary>
    public static TimeSpan Overlap { get; } = TimeSpan.FromMinutes(1);

    /// <summary>How far the first sweep of a process looks back.</summary>
    private TimeSpan First => reconciliation.Value.Grace + Overlap;

    /// <summary>Goes on with the sweep of a container.</summary>
    /// <param name="container">Its name; one that does not exist has no uploads.</param>
    /// <param name="found">
    /// Takes an upload, and whether it is older than this process: it may have been handed on before. Several run at the same time. When
    /// one fails, the next run begins with the same page.
    /// </param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="RequestFailedException">Storage failed for longer than its client retries.</exception>
    public async Task RunAsync(string container, Func<BlobItem, bool, CancellationToken, Task> found, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(found);
        var now = time.GetUtcNow();
        var progress = _progress.GetOrAdd(container, _ => new Progress { ProcessBegan = now, Since = now - First });
        if (progress.Continuation is null)
        {
            progress.Began = now;
        }

        try
        {
            await ListAsync(container, progress, found, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            progress.Continuation = null;
        }

        if (progress.Continuation is null)
        {
            progress.Since = progress.Began - Overlap;
        }
    }

    private async Task ListAsync(
        string container, Progress progress, Func<BlobItem, bool, CancellationToken, Task> found, CancellationToken cancellationToken)
    {
        var listed = 0;
        var pages = clients.Blobs.GetBlobContainerClient(container)
            .GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix: null, cancellationToken).AsPages(progress.Continuation, PageSize);
        await foreach (var page in pages.ConfigureAwait(false))
        {
            await Parallel.ForEachAsync(
                page.Values.Where(blob => blob.Properties.LastModified >= progress.Since),
                new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken },
                async (blob, token) => await found(blob, blob.Properties.LastModified < progress.ProcessBegan, token).ConfigureAwait(false))
                .ConfigureAwait(false);
            progress.Continuation = string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken;
            listed += page.Values.Count;
            if (listed >= BlobsPerRun)
            {
                return;
            }
        }
    }

    private sealed class Progress
    {
        /// <summary>Older uploads may have been handed on by an earlier process.</summary>
        public required DateTimeOffset ProcessBegan { get; init; }

        /// <summary>What changed at this time or later is an upload of this sweep.</summary>
        public required DateTimeOffset Since { get; set; }

        /// <summary>When this sweep began.</summary>
        public DateTimeOffset Began { get; set; }

        /// <summary>Where it goes on; null when it has ended.</summary>
        public string? Continuation { get; set; }
    }
}
