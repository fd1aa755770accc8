using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The records of images in storage, in the order of their names; a few are fetched ahead.</summary>
/// <param name="storage">The storage account.</param>
/// <param name="container">The container of the images; null for the app's.</param>
/// <param name="prefix">The beginning of the images' names.</param>
internal sealed class RecordResults(CloudStorage storage, string? container, string prefix)
{
    private const int Ahead = 32;

    /// <summary>Reads them.</summary>
    /// <exception cref="CliException"><c>no_results</c>: there is none; <c>invalid_result</c>: one cannot be read.</exception>
    public async IAsyncEnumerable<DetectionResult> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var records = storage.Clients.Blobs.GetBlobContainerClient(storage.Names.Detections);
        var start = $"{container ?? storage.Names.Images}/{prefix}";
        var waiting = new Queue<Task<DetectionResult?>>();
        var found = false;
        await foreach (var item in records.GetBlobsAsync(BlobTraits.None, BlobStates.None, start, cancellationToken))
        {
            waiting.Enqueue(FetchAsync(records.GetBlobClient(item.Name), cancellationToken));
            if (waiting.Count >= Ahead && await waiting.Dequeue() is { } result)
            {
                found = true;
                yield return result;
            }
        }

        while (waiting.TryDequeue(out var next))
        {
            if (await next is { } result)
            {
                found = true;
                yield return result;
            }
        }

        if (!found)
        {
            throw new CliException("no_results", $"expected records that begin with {start} in container {records.Name}, found none.");
        }
    }

    private static async Task<DetectionResult?> FetchAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return DetectionResult.Parse((await blob.DownloadContentAsync(cancellationToken)).Value.Content);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // Removed since it was listed.
            return null;
        }
        catch (JsonException exception)
        {
            throw new CliException("invalid_result", $"{blob.Name}: expected a result: {exception.Message}");
        }
    }
}
