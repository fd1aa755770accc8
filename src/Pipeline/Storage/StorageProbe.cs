using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Microsoft.Extensions.Options;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>
/// Tries what the app does with storage, one after the other, and leaves nothing behind. A message that it sends is hidden for as long as
/// it exists, so that no function sees it.
/// </summary>
/// <param name="clients">The account. Nothing is retried: a probe is to say what is, and soon.</param>
/// <param name="options">The names.</param>
public sealed class StorageProbe(StorageClients clients, IOptions<StorageOptions> options)
{
    private static readonly TimeSpan Hidden = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Tries everything; ends early where storage cannot be reached, or there is no identity: the rest would say the same.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<StorageCheck>> RunAsync(CancellationToken cancellationToken)
    {
        var names = options.Value;
        (string Name, string Role, Func<Task> Action)[] actions =
        [
            .. names.Containers.Select(container => (
                $"list container {container}",
                StorageFailure.BlobRole,
                (Func<Task>)(() => ListAsync(container, cancellationToken)))),
            (
                $"write, read and delete a blob in {names.Staging}",
                StorageFailure.BlobRole,
                () => WriteAsync(names.Staging, cancellationToken)),
            .. names.Queues.Select(queue => (
                $"look at queue {queue}",
                StorageFailure.QueueRole,
                (Func<Task>)(() => Queue(queue).PeekMessageAsync(cancellationToken)))),
            (
                $"send and delete a message of {names.EventQueue}",
                StorageFailure.QueueRole,
                () => SendAsync(names.EventQueue, cancellationToken)),
        ];
        var checks = new List<StorageCheck>();
        foreach (var (name, role, action) in actions)
        {
            var (check, goOn) = await TryAsync(name, role, action, cancellationToken).ConfigureAwait(false);
            checks.Add(check);
            if (!goOn)
            {
                break;
            }
        }

        return checks;
    }

    private static async Task<(StorageCheck Check, bool GoOn)> TryAsync(
        string name, string role, Func<Task> action, CancellationToken cancellationToken)
    {
        try
        {
            await action().ConfigureAwait(false);
            return (new StorageCheck(name), true);
        }
        catch (Exception exception) when (StorageFailure.Is(exception, cancellationToken))
        {
            var isRole = exception is RequestFailedException
            {
                Status: 403,
                ErrorCode: "AuthorizationPermissionMismatch" or "AuthorizationPermissionDenied",
            };
            var check = new StorageCheck(name, StorageFailure.Explain(exception) ?? exception.Message, isRole ? role : null);
            return (check, exception is RequestFailedException { Status: > 0 });
        }
    }

    private async Task ListAsync(string container, CancellationToken cancellationToken)
    {
        var pages = clients.BlobsWithoutRetry.GetBlobContainerClient(container)
            .GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix: null, cancellationToken)
            .AsPages(pageSizeHint: 1);
        var page = pages.GetAsyncEnumerator(cancellationToken);
        await using (page.ConfigureAwait(false))
        {
            await page.MoveNextAsync().ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(string container, CancellationToken cancellationToken)
    {
        var blob = clients.BlobsWithoutRetry.GetBlobContainerClient(container).GetBlobClient($"doctor/{Guid.NewGuid():N}");
        await blob.UploadAsync(BinaryData.FromString("nanodet doctor"), overwrite: true, cancellationToken).ConfigureAwait(false);
        await blob.DownloadContentAsync(cancellationToken).ConfigureAwait(false);
        await blob.DeleteAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private async Task SendAsync(string queue, CancellationToken cancellationToken)
    {
        var client = Queue(queue);
        var sent = await client.SendMessageAsync("nanodet doctor", Hidden, Life, cancellationToken).ConfigureAwait(false);
        await client.DeleteMessageAsync(sent.Value.MessageId, sent.Value.PopReceipt, cancellationToken).ConfigureAwait(false);
    }

    private QueueClient Queue(string name) => clients.QueuesWithoutRetry.GetQueueClient(name);
}
