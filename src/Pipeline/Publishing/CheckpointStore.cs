using System.Runtime.InteropServices;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>The container of checkpoints: pairs in, reports out.</summary>
/// <param name="clients">The account.</param>
/// <param name="options">How large a checkpoint may be.</param>
public sealed class CheckpointStore(StorageClients clients, IOptions<PublishOptions> options)
{
    private const long MaxConfigBytes = 1 << 20;
    private const int MaxWrites = 20;
    private const string PairKey = "nanodetpair";

    private BlobContainerClient Container => clients.Checkpoints;

    /// <summary>What lies under a stem now. Of several checkpoints or configs the one that changed last counts.</summary>
    /// <param name="stem">What the names have in common.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when there is neither a checkpoint nor a config.</returns>
    public async Task<CheckpointPair?> FindAsync(string stem, CancellationToken cancellationToken)
    {
        BlobItem? checkpoint = null;
        BlobItem? config = null;
        var blobs = Container.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{stem}.", cancellationToken);
        await foreach (var blob in blobs.ConfigureAwait(false))
        {
            if (CheckpointName.TryParse(blob.Name, out var name) && name.Stem == stem)
            {
                ref var latest = ref name.IsConfig ? ref config : ref checkpoint;
                latest = latest is null || blob.Properties.LastModified >= latest.Properties.LastModified ? blob : latest;
            }
        }

        return checkpoint is null && config is null ? null : new CheckpointPair(stem, Reference(checkpoint), Reference(config));
    }

    /// <summary>Whether a pair still is what lies there: neither blob was overwritten, removed or added.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<bool> IsCurrentAsync(CheckpointPair pair, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pair);
        return (await FindAsync(pair.Stem, cancellationToken).ConfigureAwait(false))?.Id == pair.Id;
    }

    /// <summary>Downloads a complete pair.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when one of the blobs was overwritten or removed meanwhile.</returns>
    /// <exception cref="PipelineException">
    /// A blob is missing, too large or archived: <see cref="PipelineErrorCodes.CheckpointMissing"/>,
    /// <see cref="PipelineErrorCodes.ConfigMissing"/>, <see cref="PipelineErrorCodes.CheckpointTooLarge"/>,
    /// <see cref="PipelineErrorCodes.CheckpointArchived"/>.
    /// </exception>
    public async Task<(byte[] Checkpoint, byte[] Config)?> ReadAsync(CheckpointPair pair, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pair);
        var (checkpoint, config) = Complete(pair);

        // Both sizes before anything is downloaded; the config first, it is small.
        RequireSize(checkpoint, options.Value.MaxCheckpointBytes);
        RequireSize(config, MaxConfigBytes);
        return await DownloadAsync(config, cancellationToken).ConfigureAwait(false) is { } yaml
            && await DownloadAsync(checkpoint, cancellationToken).ConfigureAwait(false) is { } weights
                ? (weights, yaml)
                : null;
    }

    /// <summary>The report about exactly this pair.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when there is none, or one about other contents.</returns>
    public async Task<PublishReport?> FindReportAsync(CheckpointPair pair, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pair);
        var (id, etag) = await FindReportAsync(pair.Stem, cancellationToken).ConfigureAwait(false);
        if (id != pair.Id)
        {
            return null;
        }

        var content = await DownloadAsync(Report(pair.Stem), etag!.Value, cancellationToken).ConfigureAwait(false);
        try
        {
            return content is null ? null : JsonSerializer.Deserialize(content, PublishJson.Default.PublishReport);
        }
        catch (JsonException)
        {
            // Somebody edited it: it says nothing any more.
            return null;
        }
    }

    /// <summary>Writes the report about a pair, unless there is one, or the pair is not what lies there any more.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="report">The report.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when the pair is not what lies there any more: its successor has a report of its own.</returns>
    public async Task<bool> WriteReportAsync(CheckpointPair pair, PublishReport report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pair);
        var content = JsonSerializer.SerializeToUtf8Bytes(report, PublishJson.Default.PublishReport);
        for (var write = 1; ; write++)
        {
            // In this order: whoever writes after the look at the pair changes the report's ETag.
            var (id, etag) = await FindReportAsync(pair.Stem, cancellationToken).ConfigureAwait(false);
            if (id == pair.Id)
            {
                return true;
            }

            if (!await IsCurrentAsync(pair, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            try
            {
                await Report(pair.Stem).UploadAsync(
                    BinaryData.FromBytes(content),
                    new BlobUploadOptions
                    {
                        HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                        Metadata = new Dictionary<string, string> { [PairKey] = pair.Id },
                        Conditions = new BlobRequestConditions { IfMatch = etag, IfNoneMatch = etag is null ? ETag.All : null },
                    },
                    cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (RequestFailedException exception) when (exception.Status is 409 or 412 && write < MaxWrites)
            {
                // Another report came in between: look again.
            }
        }
    }

    private static (CheckpointBlob Checkpoint, CheckpointBlob Config) Complete(CheckpointPair pair) => (
        pair.Checkpoint ?? throw new PipelineException(
            PipelineErrorCodes.CheckpointMissing,
            $"Expected '{pair.Stem}.pth' (or .pt, .ckpt, .safetensors) beside '{pair.Config?.Name}', found none. "
            + "Upload it: it is published as soon as it is there."),
        pair.Config ?? throw new PipelineException(
            PipelineErrorCodes.ConfigMissing,
            $"Expected the training config '{pair.Stem}.yml' beside '{pair.Checkpoint?.Name}', found none. "
            + "Upload it: the model is published as soon as it is there."));

    private static void RequireSize(CheckpointBlob blob, long limit)
    {
        if (blob.Bytes > limit)
        {
            throw new PipelineException(
                PipelineErrorCodes.CheckpointTooLarge,
                $"'{blob.Name}': expected at most {limit} bytes, found {blob.Bytes}; it was not downloaded.");
        }
    }

    private async Task<(string? PairId, ETag? ETag)> FindReportAsync(string stem, CancellationToken cancellationToken)
    {
        try
        {
            var properties = (await Report(stem).GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false)).Value;
            return (properties.Metadata.TryGetValue(PairKey, out var id) ? id : null, properties.ETag);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return (null, null);
        }
    }

    private Task<byte[]?> DownloadAsync(CheckpointBlob blob, CancellationToken cancellationToken) =>
        DownloadAsync(Container.GetBlobClient(blob.Name), new ETag(blob.Etag), cancellationToken);

    /// <summary>The content of that ETag, or null when it is there no more.</summary>
    private static async Task<byte[]?> DownloadAsync(BlobClient blob, ETag etag, CancellationToken cancellationToken)
    {
        try
        {
            var content = await blob.DownloadContentAsync(
                new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = etag } },
                cancellationToken).ConfigureAwait(false);
            var memory = content.Value.Content.ToMemory();
            return MemoryMarshal.TryGetArray(memory, out var segment) && segment.Count == segment.Array!.Length
                ? segment.Array
                : memory.ToArray();
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            return null;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.BlobArchived)
        {
            throw new PipelineException(
                PipelineErrorCodes.CheckpointArchived,
                $"'{blob.Name}': expected a blob that can be read, found it in the archive tier.",
                exception);
        }
    }

    private static CheckpointBlob? Reference(BlobItem? blob) => blob is null
        ? null
        : new CheckpointBlob(
            blob.Name,
            BlobNames.Etag(blob.Properties.ETag?.ToString()) ?? string.Empty,
            blob.Properties.ContentLength ?? 0);

    private BlobClient Report(string stem) => Container.GetBlobClient(CheckpointName.ReportOf(stem));
}
