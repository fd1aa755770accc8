using System.Net;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>A job that is cancelled while its worker is away.</summary>
public sealed class CancelTests
{
    [Fact]
    public async Task CancelJob_WorkerAway_EndsAtOnceAndALateWorkerDoesNothing()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        await deployment.Images.UploadAsync(SampleImages.Good(60));
        var coordinator = await deployment.StartAsync("coordinator", ("AzureWebJobs.ImageUploaded.Disabled", "true"));
        var id = await coordinator.StartJobAsync(new { prefix = "", pageSize = 15, batchSize = 5, pagesInFlight = 2 });
        await Eventually.TrueAsync(async () => (await coordinator.JobAsync(id)).Discovered == 30, "two pages are in flight", 30);

        var (status, _) = await coordinator.SendAsync(HttpMethod.Delete, $"api/jobs/{id}");
        Assert.Equal(HttpStatusCode.Accepted, status);
        var job = await coordinator.JobEndsAsync(id, 30);

        Assert.Equal(JobState.Cancelled, job.State);
        Assert.Equal(0, job.Detected + job.Failed + job.Skipped);
        var manifest = await deployment.ManifestAsync(id);
        Assert.Equal((30, 30), (manifest.Discovered, manifest.Unprocessed));

        var worker = await deployment.StartAsync("worker");
        await worker.IsReadyAsync();
        await deployment.QueuesAreEmptyAsync();
        Assert.Equal(0, await worker.ImagesComputedAsync());
        Assert.Equal(0, await deployment.CountRecordsAsync());
    }
}
