using System.Collections.Concurrent;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Nanodet.Serverless.LocalHost.Azurite;
using Nanodet.Serverless.LocalHost.Hosting;
using Nanodet.Serverless.LocalHost.Tests;

[assembly: AssemblyFixture(typeof(StorageFixture))]

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>One Azurite for the whole run, in a folder of its own, and the one host that most tests share.</summary>
public sealed class StorageFixture : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("localhost-tests-").FullName;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> received = new();
    private readonly SemaphoreSlim gate = new(1);
    private AzuriteServer? azurite;
    private FunctionHost? shared;

    /// <summary>The prefix of the shared host's queues and containers.</summary>
    public string Prefix { get; } = NewName();

    public AzuriteServer Azurite => azurite!;

    public BlobServiceClient Blobs => new(Azurite.ConnectionString);

    /// <summary>The build output of the sample app that was built with these tests.</summary>
    public static string SampleApp
    {
        get
        {
            var output = new DirectoryInfo(AppContext.BaseDirectory);
            var tests = output.Parent!.Parent!.Parent!.Parent!;
            return Path.Combine(tests.FullName, "LocalHost.SampleApp", "bin", output.Parent.Name, output.Name);
        }
    }

    internal RecordingLoggerFactory Logs { get; } = new();

    public static string NewName() => "t" + Guid.NewGuid().ToString("N")[..12];

    public async ValueTask InitializeAsync() => azurite = await AzuriteServer.StartAsync(
        new AzuriteOptions { DataDirectory = Path.Combine(directory, "azurite"), AccessLogPath = Path.Combine(directory, "access.log") },
        Logs);

    public async ValueTask DisposeAsync()
    {
        if (shared is not null)
        {
            await shared.DisposeAsync();
        }

        if (azurite is not null)
        {
            await azurite.DisposeAsync();
        }

        gate.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    public async Task<FunctionHost> SharedHostAsync()
    {
        await gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return shared ??= await StartAsync(Prefix, ("AzureWebJobs.Off.Disabled", "true"));
        }
        finally
        {
            gate.Release();
        }
    }

    public Task<FunctionHost> StartAsync(string prefix, params (string Name, string Value)[] settings) =>
        FunctionHost.StartAsync(Options(prefix, settings), Logs, TestContext.Current.CancellationToken);

    public FunctionHostOptions Options(string prefix, params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string> { ["Prefix"] = prefix, ["RaisePrefix"] = prefix, ["TaskHub"] = prefix };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        return new FunctionHostOptions
        {
            AppDirectory = SampleApp,
            HostId = prefix,
            DurableWebHooks = true,
            Settings = all,
            StorageConnectionString = Azurite.ConnectionString,
        };
    }

    public async Task<QueueClient> QueueAsync(string name)
    {
        var queue = new QueueClient(Azurite.ConnectionString, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await queue.CreateIfNotExistsAsync();
        return queue;
    }

    public async Task SendAsync(string queue, string message) => await (await QueueAsync(queue)).SendMessageAsync(message);

    /// <summary>Waits for a message; those of other tests stay known for them.</summary>
    public async Task<string> ReceiveAsync(string name, Func<string, bool> isWanted, int seconds = 40)
    {
        var queue = await QueueAsync(name);
        var seen = received.GetOrAdd(name, _ => new ConcurrentQueue<string>());
        return await Eventually.GetAsync(
            async () =>
            {
                foreach (var message in (await queue.ReceiveMessagesAsync(32, TimeSpan.FromMinutes(5))).Value)
                {
                    seen.Enqueue(message.Body.ToString());
                }

                return seen.FirstOrDefault(isWanted);
            },
            $"the wanted message in {name}; it had: {string.Join(", ", seen)}",
            seconds);
    }
}
