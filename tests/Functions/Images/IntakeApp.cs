using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Images;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Functions.Publishing;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Hosting;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Uploads;

namespace Nanodet.Serverless.Functions.Tests.Images;

/// <summary>What the doors of images need of a coordinator, on containers and queues of its own; without a durable engine.</summary>
internal sealed class IntakeApp : IAsyncDisposable
{
    private static int s_count;
    private readonly ServiceProvider _services;
    private readonly SentMessages _sent = new();
    private readonly string _prefix;

    private IntakeApp(AzuriteFixture fixture, TimeProvider time)
    {
        _prefix = string.Create(CultureInfo.InvariantCulture, $"i{Interlocked.Increment(ref s_count)}");
        var settings = new Dictionary<string, string?> { ["AzureWebJobsStorage"] = fixture.Azurite.ConnectionString };
        foreach (var name in (string[])["Images", "Detections", "Models", "Checkpoints", "Jobs", "Staging"])
        {
            settings[$"Nanodet:Storage:{name}"] = $"{_prefix}-{name.ToLowerInvariant()}";
        }

        foreach (var name in (string[])["Image", "Batch", "Event"])
        {
            settings[$"Nanodet:Storage:{name}Queue"] = $"{_prefix}-{name.ToLowerInvariant()}";
        }

        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddLogging();
        services.AddSingleton(new UploadRegister(time));
        services.AddSingleton(provider => new StorageClients(
            provider.GetRequiredService<IConfiguration>(),
            provider.GetRequiredService<IOptions<StorageOptions>>(),
            credential: null,
            new BlobClientOptions(),
            new QueueClientOptions { Transport = new HttpClientTransport(_sent) }));
        services.AddNanodetCoordinator();
        services.AddOptions<OrchestrationOptions>();
        services.AddSingleton<OrchestrationStarter>();
        services.AddSingleton<BatchStarter>();
        services.AddSingleton<CheckpointIntake>();
        services.AddSingleton<ImageIntake>();
        _services = services.BuildServiceProvider();
    }

    public ImageIntake Intake => _services.GetRequiredService<ImageIntake>();

    public BatchLists Lists => _services.GetRequiredService<BatchLists>();

    public BatchStarter Starter => _services.GetRequiredService<BatchStarter>();

    public BlobContainerClient Images => Container("images");

    public BlobContainerClient Checkpoints => Container("checkpoints");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="fixture">The account.</param>
    /// <param name="began">When the process began; default: now.</param>
    public static async Task<IntakeApp> CreateAsync(AzuriteFixture fixture, DateTimeOffset? began = null)
    {
        var app = new IntakeApp(fixture, began is { } time ? new FakeTimeProvider(time) : TimeProvider.System);
        await app._services.GetRequiredService<StorageSetup>().EnsureAsync(Token);
        return app;
    }

    /// <summary>Uploads a blob, with the metadata of a folder or without.</summary>
    public Task UploadAsync(string name, int bytes, bool isFolder = false) => Images.GetBlobClient(name).UploadAsync(
        BinaryData.FromBytes(new byte[bytes]),
        new BlobUploadOptions { Metadata = isFolder ? new Dictionary<string, string> { ["hdi_isfolder"] = "true" } : null },
        Token);

    /// <summary>Writes the metadata of a record, as detecting does, and no record.</summary>
    public Task RecordAsync(string image, ETag etag) => Container("detections").GetBlobClient(ResultName.For(Images.Name, image))
        .UploadAsync(
            BinaryData.Empty,
            new BlobUploadOptions
            {
                Metadata = new Dictionary<string, string>
                {
                    ["nanodetetag"] = etag.ToString().Trim('"'),
                    ["nanodetstatus"] = "detected",
                },
            },
            Token);

    /// <summary>The names of the images that were queued, and of nothing else.</summary>
    public async Task<IReadOnlyList<string>> QueuedAsync()
    {
        var queue = _services.GetRequiredService<StorageClients>().Queues.GetQueueClient($"{_prefix}-image");
        var messages = (await queue.ReceiveMessagesAsync(32, TimeSpan.FromMinutes(5), Token)).Value;
        return [.. messages.Select(message => MessageReader.ReadImage(message.Body.ToMemory()).Name).Order(StringComparer.Ordinal)];
    }

    /// <summary>What was put on a queue, hidden or not.</summary>
    public IReadOnlyList<string> SentTo(string queue) => _sent.To($"{_prefix}-{queue}");

    /// <summary>How many messages a queue has, hidden ones included.</summary>
    public async Task<int> CountQueuedAsync(string queue) => (await _services.GetRequiredService<StorageClients>().Queues
        .GetQueueClient($"{_prefix}-{queue}").GetPropertiesAsync(Token)).Value.ApproximateMessagesCount;

    /// <summary>The dead letters of a queue: what each says of its message.</summary>
    public async Task<IReadOnlyList<(string? Problem, string? Message)>> DeadLettersAsync(string queue)
    {
        var letters = new List<(string?, string?)>();
        var folder = $"dead-letters/{queue.Replace("PREFIX", _prefix, StringComparison.Ordinal)}/";
        await foreach (var blob in Container("staging").GetBlobsAsync(BlobTraits.None, BlobStates.None, folder, Token))
        {
            using var json = JsonDocument.Parse(
                (await Container("staging").GetBlobClient(blob.Name).DownloadContentAsync(Token)).Value.Content);
            letters.Add((json.RootElement.GetProperty("problem").GetString(), json.RootElement.GetProperty("message").GetString()));
        }

        return letters;
    }

    /// <summary>The names of all records.</summary>
    public async Task<IReadOnlyList<string>> RecordsAsync()
    {
        var names = new List<string>();
        await foreach (var blob in Container("detections").GetBlobsAsync(cancellationToken: Token))
        {
            names.Add(blob.Name);
        }

        return names;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _sent.Dispose();
    }

    private BlobContainerClient Container(string name) =>
        _services.GetRequiredService<StorageClients>().Blobs.GetBlobContainerClient($"{_prefix}-{name}");
}
