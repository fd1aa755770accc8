using System.Globalization;
using System.Text.Json;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Nanodet.Serverless.Checkpoints.Tests;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.Functions.Publishing;
using Nanodet.Serverless.Pipeline.Hosting;
using Nanodet.Serverless.Pipeline.Publishing;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Functions.Tests.Publishing;

/// <summary>What publishing needs of a coordinator, on containers of its own.</summary>
internal sealed class PublishingApp : IAsyncDisposable
{
    private static int s_count;
    private readonly ServiceProvider _services;
    private readonly string _prefix;

    private PublishingApp(AzuriteFixture fixture, long? maxBytes, string? precision)
    {
        _prefix = string.Create(CultureInfo.InvariantCulture, $"p{Interlocked.Increment(ref s_count)}");
        var settings = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = fixture.Azurite.ConnectionString,
        };
        if (maxBytes is { } limit)
        {
            settings["Nanodet:Publish:MaxCheckpointBytes"] = limit.ToString(CultureInfo.InvariantCulture);
        }

        settings["Nanodet:Publish:Precision"] = precision;
        foreach (var name in (string[])["Images", "Detections", "Models", "Checkpoints", "Jobs", "Staging"])
        {
            settings[$"Nanodet:Storage:{name}"] = $"{_prefix}-{name.ToLowerInvariant()}";
        }

        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddLogging();
        services.AddNanodetCoordinator();
        services.AddOptions<ConversionSettings>().BindConfiguration(PublishOptions.Section);
        services.AddSingleton<CalibrationPhotos>();
        services.AddSingleton<CheckpointPublisher>();
        _services = services.BuildServiceProvider();
    }

    /// <summary>The training config of the checkpoint.</summary>
    public static byte[] Config { get; } = TinyModel.PlusConfig();

    /// <summary>A complete checkpoint of a few thousand weights.</summary>
    public static byte[] Checkpoint { get; } = CheckpointFile.Write(CheckpointFile.Tensors(Config));

    /// <summary>The coordinator's services.</summary>
    public IServiceProvider Services => _services;

    public CheckpointPublisher Publisher => _services.GetRequiredService<CheckpointPublisher>();

    public CheckpointStore Store => _services.GetRequiredService<CheckpointStore>();

    public ModelPublisher Models => _services.GetRequiredService<ModelPublisher>();

    public BlobContainerClient Checkpoints => Container("checkpoints");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<PublishingApp> CreateAsync(AzuriteFixture fixture, long? maxBytes = null, string? precision = null)
    {
        var app = new PublishingApp(fixture, maxBytes, precision);
        await app._services.GetRequiredService<StorageSetup>().EnsureAsync(Token);
        return app;
    }

    public BlobContainerClient Container(string name) =>
        _services.GetRequiredService<StorageClients>().Blobs.GetBlobContainerClient($"{_prefix}-{name}");

    public Task UploadAsync(string name, byte[] content) =>
        Checkpoints.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(content), overwrite: true, Token);

    /// <summary>The pair that lies there now.</summary>
    public async Task<CheckpointPair> FindAsync(string stem) => (await Store.FindAsync(stem, Token))!;

    /// <summary>Publishes what lies there now.</summary>
    public async Task<PublishOutcome> PublishAsync(string stem) => await Publisher.PublishAsync(await FindAsync(stem), Token);

    /// <summary>Uploads both and publishes them.</summary>
    public async Task<PublishOutcome> PublishAsync(string stem, byte[] checkpoint, byte[] config)
    {
        await UploadAsync($"{stem}.pth", checkpoint);
        await UploadAsync($"{stem}.yml", config);
        return await PublishAsync(stem);
    }

    public async Task<PublishReport?> ReportAsync(string stem)
    {
        var blob = Checkpoints.GetBlobClient($"{stem}.report.json");
        return await blob.ExistsAsync(Token)
            ? JsonSerializer.Deserialize((await blob.DownloadContentAsync(Token)).Value.Content, PublishJson.Default.PublishReport)
            : null;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
