using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Slicing;
using Nanodet.Serverless.Pipeline.Grouping;
using Nanodet.Serverless.Pipeline.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Writing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests;

public sealed class PipelineServicesTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Slices_OfTheSettings_AreTakenAndOffWithoutThem()
    {
        using var without = Build(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = fixture.Azurite.ConnectionString,
            ["Nanodet:Detector:ScoreThreshold"] = "0.4",
        });
        Assert.Equal(
            new DetectorOptions { ScoreThreshold = 0.4f }, without.Services.GetRequiredService<IOptions<DetectorOptions>>().Value);

        using var with = Build(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = fixture.Azurite.ConnectionString,
            ["Nanodet:Detector:Slices:Size"] = "320",
            ["Nanodet:Detector:Slices:Merge"] = "Greedy",
        });
        Assert.Equal(
            new SliceOptions(320, Merge: SliceMerge.Greedy), with.Services.GetRequiredService<IOptions<DetectorOptions>>().Value.Slices);
    }

    [Theory]
    [InlineData("Nanodet:Grouping:BatchSize", "0")]
    [InlineData("Nanodet:Grouping:MaxDelay", "00:02:00")]
    [InlineData("Nanodet:Worker:DownloadConcurrency", "65")]
    [InlineData("Nanodet:Worker:SlotWait", "01:00:01")]
    [InlineData("Nanodet:Jobs:PageSize", "5001")]
    [InlineData("Nanodet:Reconcile:LookBack", "00:00:00")]
    [InlineData("Nanodet:Detector:ScoreThreshold", "1.5")]
    [InlineData("Nanodet:Detector:Limits:MaxBytes", "1")]
    [InlineData("Nanodet:Detector:Slices:Size", "63")]
    [InlineData("Nanodet:Jobs:PricePerGpuHour", "-1")]
    [InlineData("Nanodet:JobEnd:WebhookAttempts", "0")]
    [InlineData("Nanodet:JobEnd:Webhook", "https://hooks.example.com/")]
    [InlineData("Nanodet:Model:Sha256", "abc")]
    [InlineData("Nanodet:Model:Source", "Blob")]
    [InlineData("Nanodet:Model:RetryPause", "00:00:00")]
    [InlineData("Nanodet:Storage:Images", "Images")]
    [InlineData("Nanodet:Storage:Images", "detections")]
    [InlineData("Nanodet:Storage:BatchQueue", "images")]
    [InlineData("Nanodet:Storage:MoreImages:0", "staging")]
    public async Task Start_SettingOutOfRange_Fails(string key, string value)
    {
        using var host = Build(new Dictionary<string, string?> { ["AzureWebJobsStorage"] = fixture.Azurite.ConnectionString, [key] = value });
        await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Token));
    }

    [Fact]
    public async Task Start_BothRolesTwice_RunsOneOfEachAndCreatesStorage()
    {
        var settings = new Dictionary<string, string?> { ["AzureWebJobsStorage"] = fixture.Azurite.ConnectionString };
        foreach (var name in new[] { "Images", "Detections", "Models", "Checkpoints", "Jobs", "Staging", "ImageQueue", "BatchQueue", "EventQueue" })
        {
            settings[$"Nanodet:Storage:{name}"] = $"services-{name.ToLowerInvariant()}";
        }

        using var host = Build(settings);
        Assert.Single(host.Services.GetServices<IHostedService>().OfType<WarmModel>());
        Assert.Single(host.Services.GetServices<IHostedService>().OfType<ImageGrouper>());
        await host.StartAsync(Token);
        await Poll.UntilAsync(() => host.Services.GetRequiredService<WarmModel>().Status.Code == ModelErrorCodes.NotFound, "not found", Token);
        var clients = host.Services.GetRequiredService<StorageClients>();
        await Poll.UntilAsync(
            async () => await clients.Queues.GetQueueClient("services-eventqueue-poison").ExistsAsync(Token), "the last queue", Token);
        await host.StopAsync(Token);
    }

    [Fact]
    public void Build_CoordinatorAlone_HasNoModel()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?> { ["AzureWebJobsStorage"] = fixture.Azurite.ConnectionString });
        builder.Services.AddNanodetCoordinator();
        using var host = builder.Build();
        Assert.Null(host.Services.GetService<WarmModel>());
        Assert.NotNull(host.Services.GetService<JobStore>());
        Assert.NotNull(host.Services.GetService<PoisonWriter>());
    }

    private static IHost Build(Dictionary<string, string?> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddNanodetCoordinator().AddNanodetWorker().AddNanodetCoordinator().AddNanodetWorker();
        return builder.Build();
    }
}
