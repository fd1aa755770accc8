using Azure.Storage.Blobs;
using Nanodet.Serverless.Chaos.Tests.Running;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.LocalHost.Hosting;

namespace Nanodet.Serverless.Chaos.Tests;

/// <summary>
/// Storage that is away for longer than its clients retry: a listener ends for good, and the host starts its engines again.
/// </summary>
public sealed class OutageTests
{
    [Fact]
    public async Task Storage_AwayForLongerThanClientsRetry_ImagesAreDetectedAfterwardsWithoutARestartByHand()
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-outage-").FullName;
        await using (var storage = await StorageProcess.StartAsync(folder, App.Cancellation))
        {
            var blobs = new BlobServiceClient(storage.Proxy.CalmConnectionString);
            var models = (await blobs.CreateBlobContainerAsync("models", cancellationToken: App.Cancellation)).Value;
            await TestModel.PublishAsync(models, TestModel.Good, "1");
            var settings = new Dictionary<string, string>(AppSettings.ForRole("all"))
            {
                ["Nanodet__Model__CacheFolder"] = Path.Combine(folder, "models"),
            };
            await using var host = await FunctionHost.StartAsync(
                new FunctionHostOptions
                {
                    AppDirectory = Deployment.AppDirectory,
                    HostId = "outage",
                    StorageConnectionString = storage.Proxy.ConnectionString,
                    Settings = settings,
                },
                TestLog.Instance,
                App.Cancellation);
            await new App(host.Address).IsReadyAsync(60);
            var worker = host.WorkerProcessId;

            // The engines are broken when a listener has given up.
            await storage.Proxy.HoldAsync(App.Cancellation);
            await storage.Proxy.BreakAsync();
            await Eventually.TrueAsync(() => Task.FromResult(host.AreEnginesBroken), "a listener gives up", 180);
            storage.Release();

            await blobs.GetBlobContainerClient("images").UploadAsync(SampleImages.Good(10));
            var count = 0;
            await Eventually.TrueAsync(
                async () =>
                {
                    count = 0;
                    await foreach (var _ in blobs.GetBlobContainerClient("detections").GetBlobsAsync(cancellationToken: App.Cancellation))
                    {
                        count++;
                    }

                    return count == 10;
                },
                () => $"ten records; there are {count}",
                180);
            Assert.True(host.EngineRestarts >= 1);
            Assert.Equal(worker, host.WorkerProcessId);
        }

        Directory.Delete(folder, recursive: true);
    }
}
