using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Writing;

/// <summary>
/// The NDJSON of a job's results: block blobs, to which each batch stages one block, and whose blocks are committed when the job ends.
/// Nothing of it is held in memory but one batch.
/// </summary>
public sealed class JobResults(StorageClients clients)
{
    /// <summary>
    /// Stages the lines of a batch. A batch that comes again has as many, and so takes the place of its own block.
    /// </summary>
    internal async Task StageAsync(
        string name, BatchReference batch, IReadOnlyList<DetectionResult> lines, CancellationToken cancellationToken)
    {
        if (lines.Count == 0)
        {
            return;
        }

        var id = new ResultBlockId(batch.Page, batch.Offset, lines.Count);
        using var content = new MemoryStream(NdjsonLines.Serialize(lines, ResultJson.Default.DetectionResult).ToArray(), writable: false);
        await clients.ResultsOf(name)
            .StageBlockAsync(id.Encode(), content, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Puts the staged blocks together, in the order of pages and batches.</summary>
    /// <returns>The blocks of the file.</returns>
    internal async Task<IReadOnlyList<ResultBlockId>> CommitAsync(string name, CancellationToken cancellationToken)
    {
        var blob = clients.ResultsOf(name);
        BlockList? found = null;
        try
        {
            found = await blob.GetBlockListAsync(BlockListTypes.All, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // No batch had a result.
        }

        // One block for each batch. Should a line have been lost between two deliveries, the block with the most lines is the better.
        var blocks = (found?.CommittedBlocks ?? []).Concat(found?.UncommittedBlocks ?? [])
            .Select(block => ResultBlockId.TryDecode(block.Name))
            .OfType<ResultBlockId>()
            .GroupBy(id => (id.Page, id.Offset))
            .Select(group => group.MaxBy(id => id.Lines))
            .OrderBy(id => id.Page)
            .ThenBy(id => id.Offset)
            .ToArray();
        var isCommitted = found is not null
            && found.CommittedBlocks.Select(block => block.Name).SequenceEqual(blocks.Select(id => id.Encode()))
            && (blocks.Length > 0 || await blob.ExistsAsync(cancellationToken).ConfigureAwait(false));
        if (!isCommitted)
        {
            await blob.CommitBlockListAsync(
                blocks.Select(id => id.Encode()),
                new CommitBlockListOptions { HttpHeaders = new BlobHttpHeaders { ContentType = NdjsonLines.ContentType } },
                cancellationToken).ConfigureAwait(false);
        }

        return blocks;
    }

    /// <summary>The lines of a file, one after the other; no more is held than the line at hand.</summary>
    internal async IAsyncEnumerable<DetectionResult> ReadAsync(
        string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lines = NdjsonLines.ReadAsync(clients.Jobs.GetBlobClient(name), 0, int.MaxValue, cancellationToken);
        await foreach (var line in lines.ConfigureAwait(false))
        {
            yield return MessageReader.Read(line, ResultJson.Default.DetectionResult);
        }
    }
}
