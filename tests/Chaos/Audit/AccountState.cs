using System.Collections.Concurrent;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>What an account holds after a run.</summary>
internal sealed record AccountState
{
    private const string Hub = "NanodetServerless";

    /// <summary>The records by blob name.</summary>
    public required IReadOnlyDictionary<string, StoredRecord> Records { get; init; }

    /// <summary>The jobs that left anything, by id.</summary>
    public required IReadOnlyDictionary<string, StoredJob> Jobs { get; init; }

    /// <summary>The messages of each queue, those in anybody's hands too.</summary>
    public required IReadOnlyDictionary<string, StoredQueue> Queues { get; init; }

    /// <summary>The blobs of container <c>staging</c>.</summary>
    public required IReadOnlyList<string> Staging { get; init; }

    /// <summary>The state of each orchestration.</summary>
    public required IReadOnlyDictionary<string, string> Instances { get; init; }

    public static async Task<AccountState> ReadAsync(string connectionString, CancellationToken cancellationToken)
    {
        var blobs = new BlobServiceClient(connectionString);
        return new AccountState
        {
            Records = await ReadRecordsAsync(blobs.GetBlobContainerClient("detections"), cancellationToken),
            Jobs = await ReadJobsAsync(blobs.GetBlobContainerClient("jobs"), cancellationToken),
            Queues = await ReadQueuesAsync(connectionString, cancellationToken),
            Staging = await NamesAsync(blobs.GetBlobContainerClient("staging"), cancellationToken),
            Instances = await ReadInstancesAsync(connectionString, cancellationToken),
        };
    }

    /// <summary>Every queue of the account that holds a message.</summary>
    public static async Task<IReadOnlyDictionary<string, StoredQueue>> ReadQueuesAsync(
        string connectionString, CancellationToken cancellationToken)
    {
        var service = new QueueServiceClient(connectionString);
        var lengths = new Dictionary<string, StoredQueue>();
        await foreach (var item in service.GetQueuesAsync(cancellationToken: cancellationToken))
        {
            var queue = service.GetQueueClient(item.Name);
            var visible = (await queue.PeekMessagesAsync(32, cancellationToken)).Value.Length;
            var length = (await queue.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount;
            if (length > 0)
            {
                lengths[item.Name] = new StoredQueue(length, visible);
            }
        }

        return lengths;
    }

    /// <summary>The orchestrations that the durable engine knows, and their states.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ReadInstancesAsync(
        string connectionString, CancellationToken cancellationToken)
    {
        var states = new Dictionary<string, string>();
        var table = new TableClient(connectionString, $"{Hub}Instances");
        try
        {
            string[] columns = ["PartitionKey", "RuntimeStatus"];
            await foreach (var row in table.QueryAsync<TableEntity>(select: columns, cancellationToken: cancellationToken))
            {
                states[row.PartitionKey] = row.GetString("RuntimeStatus");
            }
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // No orchestration was ever started.
        }

        return states;
    }

    /// <summary>Whether a blob of container <c>staging</c> is the list of a batch whose images came one by one.</summary>
    public static bool IsList(string blob) => blob.StartsWith("lists/", StringComparison.Ordinal);

    public static async Task<List<string>> NamesAsync(BlobContainerClient container, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var blob in container.GetBlobsAsync(cancellationToken: cancellationToken))
        {
            names.Add(blob.Name);
        }

        return names;
    }

    private static async Task<IReadOnlyDictionary<string, StoredRecord>> ReadRecordsAsync(
        BlobContainerClient container, CancellationToken cancellationToken)
    {
        var records = new ConcurrentDictionary<string, StoredRecord>();
        await Parallel.ForEachAsync(await NamesAsync(container, cancellationToken), cancellationToken, async (name, token) =>
        {
            var content = (await container.GetBlobClient(name).DownloadContentAsync(token)).Value;
            var metadata = content.Details.Metadata;
            records[name] = new StoredRecord(
                content.Content.ToString(),
                metadata.TryGetValue("nanodetetag", out var etag) ? etag : null,
                metadata.TryGetValue("nanodetstatus", out var status) ? status : null);
        });
        return records;
    }

    private static async Task<IReadOnlyDictionary<string, StoredJob>> ReadJobsAsync(
        BlobContainerClient container, CancellationToken cancellationToken)
    {
        var names = await NamesAsync(container, cancellationToken);
        var jobs = new Dictionary<string, StoredJob>();
        foreach (var id in names.Select(name => name.Split('/')[0]).Distinct())
        {
            var manifest = names.Contains($"{id}/manifest.json")
                ? JsonSerializer.Deserialize<JobManifest>(await TextAsync($"{id}/manifest.json"), JsonSerializerOptions.Web)
                : null;
            var lines = new List<string>();
            foreach (var name in manifest?.Results ?? [])
            {
                lines.AddRange((await TextAsync(name)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
            }

            jobs[id] = new StoredJob(manifest, lines);
        }

        return jobs;

        async Task<string> TextAsync(string name) =>
            (await container.GetBlobClient(name).DownloadContentAsync(cancellationToken)).Value.Content.ToString();
    }
}
