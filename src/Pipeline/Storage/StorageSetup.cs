using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Creates the containers and queues that are missing.</summary>
/// <param name="clients">The account.</param>
/// <param name="options">The names.</param>
/// <param name="logger">Where to say so.</param>
public sealed class StorageSetup(StorageClients clients, IOptions<StorageOptions> options, ILogger<StorageSetup> logger)
{
    /// <summary>Creates what is missing; what is there stays as it is.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task EnsureAsync(CancellationToken cancellationToken) => EnsureAsync(clients.Blobs, clients.Queues, cancellationToken);

    /// <summary>The same without retry, for a caller that tries again.</summary>
    internal Task TryEnsureAsync(CancellationToken cancellationToken) =>
        EnsureAsync(clients.BlobsWithoutRetry, clients.QueuesWithoutRetry, cancellationToken);

    private async Task EnsureAsync(BlobServiceClient blobs, QueueServiceClient queues, CancellationToken cancellationToken)
    {
        var names = options.Value;
        foreach (var container in names.Containers.Distinct())
        {
            // Asked first: creating needs a right that an identity may lack, and an existing container is no error in a log.
            var client = blobs.GetBlobContainerClient(container);
            if (!await client.ExistsAsync(cancellationToken).ConfigureAwait(false))
            {
                await client.CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            }
        }

        foreach (var queue in names.Queues.SelectMany(name => new[] { name, StorageOptions.PoisonOf(name) }))
        {
            var client = queues.GetQueueClient(queue);
            if (!await client.ExistsAsync(cancellationToken).ConfigureAwait(false))
            {
                await client.CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            }
        }

        Log.StorageReady(logger, clients.Account.Name);
    }
}
