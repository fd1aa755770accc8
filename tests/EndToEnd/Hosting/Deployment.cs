using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.LocalHost.Azurite;
using Nanodet.Serverless.LocalHost.Hosting;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>A storage account of its own (Azurite in a fresh folder) and the hosts of the app that share it.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    private static readonly string[] QueueNames = ["images", "batches", "events"];

    private readonly List<FunctionHost> _hosts = [];
    private readonly string _directory;
    private readonly AzuriteServer _azurite;

    private Deployment(string directory, AzuriteServer azurite)
    {
        _directory = directory;
        _azurite = azurite;
        Blobs = new BlobServiceClient(azurite.ConnectionString);
        Queues = new QueueServiceClient(azurite.ConnectionString, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
    }

    public BlobServiceClient Blobs { get; }

    public QueueServiceClient Queues { get; }

    public BlobContainerClient Images => Blobs.GetBlobContainerClient("images");

    public BlobContainerClient Checkpoints => Blobs.GetBlobContainerClient("checkpoints");

    public BlobContainerClient Detections => Blobs.GetBlobContainerClient("detections");

    public string ConnectionString => _azurite.ConnectionString;

    public int AzuriteProcessId => _azurite.ProcessId;

    /// <summary>The function key that hosts ask for; null for none.</summary>
    public string? Key { get; set; }

    public string AccessLog => Path.Combine(_directory, "access.log");

    /// <summary>The build output of the app that was built with these tests.</summary>
    public static string AppDirectory
    {
        get
        {
            var output = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(Repository.Root, "src", "Functions", "bin", output.Parent!.Name, output.Name);
        }
    }

    /// <summary>An account with the containers and queues that the app has by default.</summary>
    public static async Task<Deployment> CreateAsync()
    {
        var deployment = await CreateEmptyAsync();
        foreach (var container in (string[])["images", "detections", "models", "checkpoints", "jobs", "staging"])
        {
            await deployment.Blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync();
        }

        foreach (var queue in QueueNames)
        {
            await deployment.Queues.GetQueueClient(queue).CreateIfNotExistsAsync();
        }

        return deployment;
    }

    /// <summary>An account with nothing in it.</summary>
    public static async Task<Deployment> CreateEmptyAsync()
    {
        var directory = Directory.CreateTempSubdirectory("nanodet-e2e-").FullName;
        var azurite = await AzuriteServer.StartAsync(
            new AzuriteOptions
            {
                DataDirectory = Path.Combine(directory, "azurite"),
                AccessLogPath = Path.Combine(directory, "access.log"),
            },
            TestLog.Instance);
        return new Deployment(directory, azurite);
    }

    /// <summary>What a host of this deployment runs.</summary>
    /// <param name="role">all, coordinator or worker.</param>
    /// <param name="settings">Settings beside those of the role.</param>
    public FunctionHostOptions Options(string role, params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string>(AppSettings.ForRole(role))
        {
            ["Nanodet__Model__CacheFolder"] = Path.Combine(_directory, "models"),
        };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        return new FunctionHostOptions
        {
            AppDirectory = AppDirectory,
            HostId = $"e2e-{role}",
            StorageConnectionString = ConnectionString,
            DurableWebHooks = true,
            Key = Key,
            Settings = all,
        };
    }

    public Task<App> StartAsync(string role, params (string Name, string Value)[] settings) => StartAsync(Options(role, settings));

    public async Task<App> StartAsync(FunctionHostOptions options)
    {
        var host = await FunctionHost.StartAsync(options, TestLog.Instance, TestContext.Current.CancellationToken);
        _hosts.Add(host);
        return new App(host.Address, host);
    }

    /// <summary>Waits until nothing is queued, nor in anybody's hands, and nothing is poison.</summary>
    public Task QueuesAreEmptyAsync(int seconds = 60)
    {
        var lengths = string.Empty;
        return Eventually.TrueAsync(
            async () =>
            {
                lengths = string.Empty;
                foreach (var name in QueueNames.SelectMany(name => (string[])[name, name + "-poison"]))
                {
                    var queue = Queues.GetQueueClient(name);
                    if (await queue.ExistsAsync())
                    {
                        var length = (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount;
                        lengths += length > 0 ? $"{name} {length} " : string.Empty;
                    }
                }

                return lengths.Length == 0;
            },
            () => $"queues are empty; they hold: {lengths}",
            seconds);
    }

    /// <summary>The orchestrations that the durable engine knows, ended or not.</summary>
    public async Task<int> CountInstancesAsync()
    {
        var count = 0;
        await foreach (var _ in new TableClient(ConnectionString, "NanodetServerlessInstances").QueryAsync<TableEntity>())
        {
            count++;
        }

        return count;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        await _azurite.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
