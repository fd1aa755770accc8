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
    /// <param name="cancellationToken">Gives up.</param>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        var names = options.Value;
        foreach (var container in names.Containers.Distinct())
        {
            // Asked first: creating needs a right that an identity may lack, and an existing container is no error in a log.
            var client = clients.Blobs.GetBlobContainerClient(container);
            if (!await client.ExistsAsync(cancellationToken).ConfigureAwait(false))
            {
                await client.CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            }
        }

        foreach (var queue in names.Queues.SelectMany(name => new[] { name, StorageOptions.PoisonOf(name) }))
        {
            var client = clients.Queues.GetQueueClient(queue);
            if (!await client.ExistsAsync(cancellationToken).ConfigureAwait(false))
            {
                await client.CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            }
        }

        Log.StorageReady(logger, clients.Account.Name);
    }
}
