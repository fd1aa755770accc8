using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>Results in storage, page by page: the lines of a job that ended, or the records of images. A call does bounded work.</summary>
/// <param name="clients">The account.</param>
/// <param name="jobs">Knows jobs.</param>
/// <param name="names">Names of containers.</param>
public sealed class StoredResults(StorageClients clients, JobStore jobs, IOptions<StorageOptions> names)
{
    // The lines of a job that a call reads at most; far more than the longest line.
    private const long MostBytes = 4L << 20;
    private const long BytesOfAResult = 4L << 10;
    private const long LeastBytes = 64L << 10;
    private const int Downloads = 16;
    private const byte LineFeed = (byte)'\n';

    /// <summary>Reads a page.</summary>
    /// <param name="query">What is wanted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when there is no such job.</returns>
    /// <exception cref="PipelineException">The query means nothing here.</exception>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task<ResultPage?> ReadAsync(ResultQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.JobId is not { } jobId)
        {
            return await ReadRecordsAsync(query, cancellationToken).ConfigureAwait(false);
        }

        // Who began with the records of a running job goes on with them when it ends meanwhile.
        if (!Continuation.IsOfRecords(query.Continuation)
            && await jobs.FindManifestAsync(jobId, cancellationToken).ConfigureAwait(false) is { } manifest)
        {
            return await ReadLinesAsync(manifest, query, cancellationToken).ConfigureAwait(false);
        }

        return await jobs.FindAsync(jobId, cancellationToken).ConfigureAwait(false) is { } job
            ? await ReadRunningAsync(job, query, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>Reads every result, as it is asked for.</summary>
    /// <param name="query">What is wanted; its limit and its continuation do not count.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="PipelineException">The query means nothing here.</exception>
    public async IAsyncEnumerable<DetectionResult> ReadAllAsync(
        ResultQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = query with { Limit = ResultQuery.MaxLimit, Continuation = null };
        while (await ReadAsync(next, cancellationToken).ConfigureAwait(false) is { } page)
        {
            foreach (var item in page.Items)
            {
                yield return DetectionResult.Parse(item.Span);
            }

            if (page.Continuation is null)
            {
                yield break;
            }

            next = next with { Continuation = page.Continuation };
        }
    }

    /// <summary>The lines of a running job are not there yet; the records that it has written are.</summary>
    private async Task<ResultPage> ReadRunningAsync(JobDefinition job, ResultQuery query, CancellationToken cancellationToken)
    {
        var (wide, narrow) = (job.Prefix ?? string.Empty, query.Prefix ?? string.Empty);
        var prefix = narrow.StartsWith(wide, StringComparison.Ordinal) ? narrow : wide;
        return prefix.StartsWith(narrow, StringComparison.Ordinal) && (query.Container ?? job.Container) == job.Container
            ? await ReadRecordsAsync(query with { Container = job.Container, Prefix = prefix }, cancellationToken).ConfigureAwait(false)
            : new ResultPage([], null, null);
    }

    private async Task<ResultPage> ReadLinesAsync(JobManifest manifest, ResultQuery query, CancellationToken cancellationToken)
    {
        var (file, offset) = Continuation.ReadLines(query.Continuation);
        var window = Math.Clamp(query.Limit * BytesOfAResult, LeastBytes, MostBytes);
        var items = new List<ReadOnlyMemory<byte>>();
        for (var left = MostBytes; file < manifest.Results.Count && items.Count < query.Limit && left > 0;)
        {
            var (content, length) = await DownloadAsync(manifest.Results[file], offset, window, cancellationToken).ConfigureAwait(false);
            left -= content.Length;
            var taken = Take(content, isEnd: offset + content.Length >= length, query, items);
            offset += taken;
            if (offset >= length)
            {
                (file, offset) = (file + 1, 0);
            }
            else if (taken == 0)
            {
                // Not even one line fits into the window.
                window = window < MostBytes
                    ? MostBytes
                    : throw new PipelineException(
                        PipelineErrorCodes.InvalidMessage,
                        $"'{manifest.Results[file]}': expected lines of at most {MostBytes} bytes, found a longer one at byte {offset}.");
                left = MostBytes;
            }
        }

        return new ResultPage(
            items,
            file < manifest.Results.Count ? Continuation.OfLines(file, offset) : null,
            manifest.Detected + manifest.Failed + manifest.Skipped);
    }

    /// <summary>Takes whole lines until there are enough of them.</summary>
    /// <returns>Bytes that need not be read again.</returns>
    private static int Take(ReadOnlyMemory<byte> content, bool isEnd, ResultQuery query, List<ReadOnlyMemory<byte>> items)
    {
        var begin = 0;
        while (begin < content.Length && items.Count < query.Limit)
        {
            var end = content.Span[begin..].IndexOf(LineFeed);
            if (end < 0 && !isEnd)
            {
                break;
            }

            var line = content.Slice(begin, end < 0 ? content.Length - begin : end);
            begin += line.Length + (end < 0 ? 0 : 1);
            if (line.Length > 0 && (query.TakesAll || query.Matches(DetectionResult.Parse(line.Span))))
            {
                items.Add(line);
            }
        }

        return begin;
    }

    /// <summary>A part of a file, and the length of the whole; nothing of a file that is gone, and behind its end.</summary>
    private async Task<(ReadOnlyMemory<byte> Content, long Length)> DownloadAsync(
        string name, long offset, long count, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult found = await clients.Jobs.GetBlobClient(name).DownloadContentAsync(
                new BlobDownloadOptions { Range = new HttpRange(offset, count) }, cancellationToken).ConfigureAwait(false);
            var content = found.Content.ToMemory();
            var range = found.Details.ContentRange;
            var length = range is not null && long.TryParse(range.AsSpan(range.LastIndexOf('/') + 1), out var whole)
                ? whole
                : offset + content.Length;
            return (content, length);
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 416)
        {
            return (default, 0);
        }
    }

    private async Task<ResultPage> ReadRecordsAsync(ResultQuery query, CancellationToken cancellationToken)
    {
        var container = query.Container ?? names.Value.Images;
        if (!names.Value.IsImageContainer(container))
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest,
                $"container: expected a container of images, found '{BlobNames.Show(container)}'.");
        }

        // The names of records have the full prefix, unless they are cut.
        var prefix = $"{container}/{query.Prefix}";
        var pages = clients.Detections
            .GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix[..Math.Min(prefix.Length, LongestPrefix)], cancellationToken)
            .AsPages(Continuation.ReadRecords(query.Continuation), query.Limit);
        await foreach (var page in pages.ConfigureAwait(false))
        {
            var next = string.IsNullOrEmpty(page.ContinuationToken) ? null : Continuation.OfRecords(page.ContinuationToken);
            var wanted = page.Values.Where(blob => MayMatch(blob.Metadata, query)).Select(blob => blob.Name).ToArray();
            return new ResultPage(await ReadRecordsAsync(wanted, query, cancellationToken).ConfigureAwait(false), next, null);
        }

        return new ResultPage([], null, null);
    }

    private const int LongestPrefix = 900;

    private static bool MayMatch(IDictionary<string, string> metadata, ResultQuery query) =>
        metadata.TryGetValue(ResultRecords.StatusKey, out var status)
        && (query.Status is not { } wanted || status == DetectionStatusConverter.Text(wanted))
        && (query.Code is null || !metadata.TryGetValue(ResultRecords.ErrorKey, out var code) || code == query.Code);

    private async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadRecordsAsync(
        string[] blobs, ResultQuery query, CancellationToken cancellationToken)
    {
        var items = new ReadOnlyMemory<byte>[blobs.Length];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, blobs.Length),
            new ParallelOptions { MaxDegreeOfParallelism = Downloads, CancellationToken = cancellationToken },
            async (index, token) =>
            {
                try
                {
                    BlobDownloadResult found =
                        await clients.Detections.GetBlobClient(blobs[index]).DownloadContentAsync(token).ConfigureAwait(false);
                    var result = MessageReader.Read(found.Content.ToMemory(), ResultJson.Default.DetectionResult);
                    if ((query.JobId is null || result.JobId == query.JobId) && query.Matches(result))
                    {
                        items[index] = found.Content.ToMemory();
                    }
                }
                catch (RequestFailedException exception) when (exception.Status == 404)
                {
                    // It was deleted after it was listed.
                }
            }).ConfigureAwait(false);
        return [.. items.Where(item => item.Length > 0)];
    }
}
