using System.Globalization;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Grouping;
using Nanodet.Serverless.Pipeline.Hosting;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Workers;
using Nanodet.Serverless.Pipeline.Writing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests;

/// <summary>Both roles on containers of their own, without a host.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private static int s_count;
    private readonly ServiceProvider _services;
    private readonly TemporaryFolder _cache = new();

    private TestApp(AzuriteProcess azurite, Dictionary<string, string?>? settings, Action<IServiceCollection>? replace)
    {
        Prefix = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref s_count)}");
        var all = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = azurite.ConnectionString,
            ["Nanodet:Storage:Images"] = $"{Prefix}-images",
            ["Nanodet:Storage:Detections"] = $"{Prefix}-detections",
            ["Nanodet:Storage:Models"] = $"{Prefix}-models",
            ["Nanodet:Storage:Checkpoints"] = $"{Prefix}-checkpoints",
            ["Nanodet:Storage:Jobs"] = $"{Prefix}-jobs",
            ["Nanodet:Storage:Staging"] = $"{Prefix}-staging",
            ["Nanodet:Storage:ImageQueue"] = $"{Prefix}-images",
            ["Nanodet:Storage:BatchQueue"] = $"{Prefix}-batches",
            ["Nanodet:Storage:EventQueue"] = $"{Prefix}-events",
            ["Nanodet:Model:CacheFolder"] = _cache.Path,
            ["Nanodet:Model:Provider"] = "Cpu",
            ["Nanodet:Model:RetryPause"] = "00:00:00.050",

            // Images that run alone wait for no others, whatever the clock of a test says.
            ["Nanodet:Batching:CalibrationTime"] = "00:00:00",
        };
        foreach (var (key, value) in settings ?? [])
        {
            all[key] = value;
        }

        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(all).Build());
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddNanodetCoordinator().AddNanodetWorker();
        replace?.Invoke(services);
        _services = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true });
    }

    public string Prefix { get; }

    public string CacheFolder => _cache.Path;

    public IServiceProvider Services => _services;

    public StorageClients Clients => Get<StorageClients>();

    public BlobContainerClient Images => Container("images");

    public BlobContainerClient Detections => Container("detections");

    public BlobContainerClient Models => Container("models");

    public BlobContainerClient Jobs => Container("jobs");

    public BlobContainerClient Staging => Container("staging");

    public WarmModel Model => Get<WarmModel>();

    public static async Task<TestApp> CreateAsync(
        AzuriteFixture fixture,
        Dictionary<string, string?>? settings = null,
        Action<IServiceCollection>? replace = null)
    {
        var app = new TestApp(fixture.Azurite, settings, replace);
        await app.Get<StorageSetup>().EnsureAsync(TestContext.Current.CancellationToken);
        return app;
    }

    /// <summary>An app whose containers nobody created.</summary>
    public static TestApp CreateWithoutStorage(
        AzuriteFixture fixture, Dictionary<string, string?> settings, Action<IServiceCollection>? replace = null) =>
        new(fixture.Azurite, settings, replace);

    /// <summary>An app whose model is published and ready.</summary>
    public static async Task<TestApp> CreateReadyAsync(
        AzuriteFixture fixture,
        Dictionary<string, string?>? settings = null,
        Action<IServiceCollection>? replace = null)
    {
        var app = await CreateAsync(fixture, settings, replace);
        await app.PublishAsync(TestModel.Bytes);
        await app.Model.StartAsync(TestContext.Current.CancellationToken);
        await app.UntilReadyAsync();
        return app;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public BlobContainerClient Container(string name) => Clients.Blobs.GetBlobContainerClient($"{Prefix}-{name}");

    public async Task PublishAsync(byte[] model, string version = "v1")
    {
        var token = TestContext.Current.CancellationToken;
        var blob = $"test/{version}/model.onnx";
        await Models.GetBlobClient(blob).UploadAsync(BinaryData.FromBytes(model), overwrite: true, token);
        await Models.GetBlobClient("current.json")
            .UploadAsync(BinaryData.FromBytes(TestModel.Pointer(TestModel.Hash(model), blob, version)), overwrite: true, token);
    }

    public Task UntilReadyAsync() => Poll.UntilAsync(
        () => Model.Status.State == WarmModelState.Ready, $"ready, but: {Model.Status}", TestContext.Current.CancellationToken);

    /// <summary>Uploads an image and describes it as an event would.</summary>
    public async Task<ImageMessage> UploadAsync(string name, byte[]? content = null)
    {
        content ??= TestModel.Image;
        BlobContentInfo info = await Images.GetBlobClient(name)
            .UploadAsync(BinaryData.FromBytes(content), overwrite: true, TestContext.Current.CancellationToken);
        return new ImageMessage
        {
            Container = Images.Name,
            Name = name,
            Etag = BlobNames.Etag(info.ETag.ToString()),
            Bytes = content.Length,
        };
    }

    /// <summary>Leaves what Hadoop, blobfuse and the data lake leave for a folder.</summary>
    public Task UploadFolderAsync(string name) => Images.GetBlobClient(name).UploadAsync(
        BinaryData.FromBytes([]),
        new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["hdi_isfolder"] = "true" } },
        TestContext.Current.CancellationToken);

    /// <summary>Uploads an image under a name that .NET would resolve before it is sent: other clients send it as it stands.</summary>
    /// <param name="encoded">The name, percent-encoded.</param>
    public async Task UploadAsItStandsAsync(string encoded)
    {
        var token = TestContext.Current.CancellationToken;
        var signed = Images.GenerateSasUri(BlobContainerSasPermissions.Write | BlobContainerSasPermissions.Create, DateTimeOffset.MaxValue);
        var uri = new Uri(
            $"{Images.Uri}/{encoded}{signed.Query}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var http = new HttpClient();
        using var content = new ByteArrayContent(TestModel.Image);
        content.Headers.Add("x-ms-blob-type", "BlockBlob");
        using var answer = await http.PutAsync(uri, content, token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(token));
    }

    /// <summary>Forms one batch and writes its list.</summary>
    public async Task<BatchReference> ListAsync(params IEnumerable<ImageMessage> images) =>
        await Get<BatchLists>().WriteAsync(Assert.Single(BatchFormer.Form(images, 256)), TestContext.Current.CancellationToken);

    public Task<BatchDetected?> ProcessAsync(BatchReference batch) =>
        Get<BatchProcessor>().ProcessAsync(new BatchMessage { Batch = batch }, deliveries: 1, TestContext.Current.CancellationToken);

    public Task<BatchCounts> WriteAsync(BatchReference batch, BatchDetected detected) =>
        Get<DetectionWriter>().WriteAsync(batch, detected, TestContext.Current.CancellationToken);

    /// <summary>The whole way of a batch.</summary>
    public async Task<BatchCounts> RunAsync(BatchReference batch)
    {
        var detected = await ProcessAsync(batch);
        Assert.NotNull(detected);
        return await WriteAsync(batch, detected);
    }

    public async Task<BatchCounts> RunAsync(params IEnumerable<ImageMessage> images) => await RunAsync(await ListAsync(images));

    /// <summary>The record of an image, or null.</summary>
    public async Task<DetectionResult?> ReadAsync(string name)
    {
        var blob = Detections.GetBlobClient(ResultName.For(Images.Name, name));
        if (!await blob.ExistsAsync(TestContext.Current.CancellationToken))
        {
            return null;
        }

        var content = await blob.DownloadContentAsync(TestContext.Current.CancellationToken);
        return MessageReader.Read(content.Value.Content.ToMemory(), ResultJson.Default.DetectionResult);
    }

    /// <summary>Name and ETag of every blob.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ListBlobsAsync(BlobContainerClient container, string? prefix = null)
    {
        var blobs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var found = container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, TestContext.Current.CancellationToken);
        await foreach (var blob in found)
        {
            blobs[blob.Name] = blob.Properties.ETag.ToString()!;
        }

        return blobs;
    }

    public async ValueTask DisposeAsync()
    {
        await Model.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
        _cache.Dispose();
    }
}
