using System.Diagnostics;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Nanodet.Serverless.Chaos.Tests.Faults;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.LocalHost.Azurite;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>Azurite, with a proxy in front, that can be killed and comes back with its data.</summary>
internal sealed class StorageProcess : IAsyncDisposable
{
    private const string Changes = "flush";

    /// <summary>It writes every five seconds; more here, for a machine with much else to do.</summary>
    private static readonly TimeSpan LongestSave = TimeSpan.FromMinutes(3);

    private readonly AzuriteOptions _options;
    private AzuriteServer _azurite;

    private StorageProcess(AzuriteOptions options, AzuriteServer azurite, FaultProxy proxy)
    {
        _options = options;
        _azurite = azurite;
        Proxy = proxy;
    }

    public FaultProxy Proxy { get; }

    public int ProcessId => _azurite.ProcessId;

    public static async Task<StorageProcess> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var options = new AzuriteOptions { DataDirectory = Path.Combine(folder, "azurite") };
        var azurite = await AzuriteServer.StartAsync(options, TestLog.Instance, cancellationToken: cancellationToken);
        return new StorageProcess(options, azurite, await FaultProxy.StartAsync(azurite));
    }

    /// <summary>Makes the containers and queues that the app expects, and publishes a model.</summary>
    public async Task PrepareAsync(IEnumerable<string> imageContainers, CancellationToken cancellationToken)
    {
        var blobs = new BlobServiceClient(Proxy.CalmConnectionString);
        foreach (var container in imageContainers.Concat(["detections", "models", "checkpoints", "jobs", "staging"]))
        {
            await blobs.CreateBlobContainerAsync(container, cancellationToken: cancellationToken);
        }

        foreach (var queue in (string[])["images", "batches", "events"])
        {
            await new QueueServiceClient(Proxy.CalmConnectionString).CreateQueueAsync(queue, cancellationToken: cancellationToken);
        }

        await TestModel.PublishAsync(blobs.GetBlobContainerClient("models"), TestModel.Good, "1");
    }

    /// <summary>
    /// SIGKILL, and a start with the same folder. Azure keeps what it has acknowledged; Azurite keeps it in memory for five seconds before
    /// it writes it. So requests wait until everything that was acknowledged is on disk, and only then Azurite dies.
    /// </summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        await Proxy.HoldAsync(cancellationToken);
        await IsOnDiskAsync(cancellationToken);
        using (var process = Process.GetProcessById(ProcessId))
        {
            process.Kill();
            await process.WaitForExitAsync(cancellationToken);
        }

        await Proxy.BreakAsync();
        await _azurite.DisposeAsync();
        _azurite = await AzuriteServer.StartAsync(_options, TestLog.Instance, cancellationToken: cancellationToken);
        await RemoveChangesAsync(cancellationToken);
        Proxy.Release(_azurite);
    }

    /// <summary>Ends an outage in which Azurite went on.</summary>
    public void Release() => Proxy.Release(_azurite);

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await _azurite.DisposeAsync();
    }

    /// <summary>
    /// Changes every database until each file is newer than now. Azurite writes a database only when it has changed since: a change that is
    /// written while the next database is asked for leaves nothing to wait for, so there is another one.
    /// </summary>
    private async Task IsOnDiskAsync(CancellationToken cancellationToken)
    {
        await ChangeAsync(cancellationToken);
        var begun = TimeProvider.System.GetUtcNow().UtcDateTime;
        var files = Directory.GetFiles(_options.DataDirectory, "__azurite_db_*.json");
        Assert.NotEmpty(files);
        var watch = Stopwatch.StartNew();
        while (files.Where(file => File.GetLastWriteTimeUtc(file) < begun).ToArray() is { Length: > 0 } old)
        {
            if (watch.Elapsed > LongestSave)
            {
                throw new TimeoutException($"Expected Azurite to have written its databases after {LongestSave}, found old: {string.Join(", ", old)}");
            }

            await ChangeAsync(cancellationToken);
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Something in every database, and nothing in the end.</summary>
    private async Task ChangeAsync(CancellationToken cancellationToken)
    {
        var name = $"{Changes}{Guid.NewGuid():N}";
        var blobs = new BlobServiceClient(_azurite.ConnectionString).GetBlobContainerClient(name);
        var queue = new QueueServiceClient(_azurite.ConnectionString).GetQueueClient(name);
        var tables = new TableServiceClient(_azurite.ConnectionString);
        await blobs.CreateAsync(cancellationToken: cancellationToken);
        await blobs.GetBlobClient("flush").UploadAsync(BinaryData.FromString(name), cancellationToken);
        await queue.CreateAsync(cancellationToken: cancellationToken);
        await queue.SendMessageAsync(name, cancellationToken);
        await tables.CreateTableAsync(name, cancellationToken);
        await blobs.DeleteAsync(cancellationToken: cancellationToken);
        await queue.DeleteAsync(cancellationToken);
        await tables.DeleteTableAsync(name, cancellationToken);
    }

    /// <summary>What was written of the last change may be its beginning only.</summary>
    private async Task RemoveChangesAsync(CancellationToken cancellationToken)
    {
        var blobs = new BlobServiceClient(_azurite.ConnectionString);
        await foreach (var container in blobs.GetBlobContainersAsync(
            BlobContainerTraits.None, BlobContainerStates.None, Changes, cancellationToken))
        {
            await blobs.DeleteBlobContainerAsync(container.Name, cancellationToken: cancellationToken);
        }

        var queues = new QueueServiceClient(_azurite.ConnectionString);
        await foreach (var queue in queues.GetQueuesAsync(QueueTraits.None, Changes, cancellationToken))
        {
            await queues.DeleteQueueAsync(queue.Name, cancellationToken);
        }

        var tables = new TableServiceClient(_azurite.ConnectionString);
        await foreach (var table in tables.QueryAsync(cancellationToken: cancellationToken))
        {
            if (table.Name.StartsWith(Changes, StringComparison.Ordinal))
            {
                await tables.DeleteTableAsync(table.Name, cancellationToken);
            }
        }
    }
}
