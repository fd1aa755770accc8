using Nanodet.Detection.Results;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>Uploads and a job over the same images, in one process and in two.</summary>
public sealed class WholeWayTests
{
    private const int Images = 300;

    [Fact]
    public async Task UploadsAndJob_OneProcess_EachImageHasOneRecordAndRanOnce()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        var app = await deployment.StartAsync("all");
        await app.IsReadyAsync();

        await deployment.Images.UploadAsync(SampleImages.Good(Images));
        await deployment.Images.UploadAsync(SampleImages.Poison.Select(poison => (poison.Name, poison.Bytes)));
        var job = await app.JobEndsAsync(await app.StartJobAsync(new { prefix = "" }));

        await AssertCompleteAsync(deployment, job);
        Assert.Equal(Images, await app.ImagesComputedAsync());
        Assert.Equal(1, (await app.HealthAsync()).GetProperty("modelLoads").GetInt32());
    }

    [Fact]
    public async Task UploadsAndJob_TwoRolesAndAWorkerThatComesLateAndLeaves_NothingIsLostOrRepeated()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        var coordinator = await deployment.StartAsync("coordinator", ("Nanodet__Orchestrations__BatchWait", "00:00:10"));
        var images = SampleImages.Good(Images).ToArray();
        await deployment.Images.UploadAsync(images[..100]);
        await deployment.Images.UploadAsync(SampleImages.Poison.Select(poison => (poison.Name, poison.Bytes)));
        var first = await coordinator.StartJobAsync(new { prefix = "cam/00" });
        await Eventually.TrueAsync(async () => (await coordinator.JobAsync(first)).IsListed, "the first job is listed", 30);
        Assert.Equal(0, await deployment.CountRecordsAsync());

        var worker = await deployment.StartAsync("worker");
        Assert.Equal(JobState.Completed, (await coordinator.JobEndsAsync(first)).State);
        await deployment.RecordsAsync(120);
        Assert.Equal(100, await worker.ImagesComputedAsync());
        Assert.Equal(1, (await worker.HealthAsync()).GetProperty("modelLoads").GetInt32());

        await worker.Host.StopAsync(App.Cancellation);
        await deployment.Images.UploadAsync(images[100..]);
        var second = await coordinator.StartJobAsync(new { prefix = "" });
        await Eventually.TrueAsync(async () => (await coordinator.JobAsync(second)).IsListed, "the second job is listed", 30);
        worker = await deployment.StartAsync("worker");

        await AssertCompleteAsync(deployment, await coordinator.JobEndsAsync(second));
        Assert.Equal(200, await worker.ImagesComputedAsync());
        Assert.Equal(1, (await worker.HealthAsync()).GetProperty("modelLoads").GetInt32());
        var health = await coordinator.HealthAsync();
        Assert.Equal("Coordinator", health.GetProperty("role").GetString());
        Assert.Equal(0, health.GetProperty("modelLoads").GetInt32());
    }

    [Fact]
    public async Task Job_WorkerAwayForTenWaitLimits_FailsNoBatch()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        await deployment.Images.UploadAsync(SampleImages.Good(20));
        var coordinator = await deployment.StartAsync(
            "coordinator",
            ("AzureWebJobs.ImageUploaded.Disabled", "true"),
            ("Nanodet__Orchestrations__BatchWait", "00:00:01"),
            ("Nanodet__Orchestrations__LongestBatchWait", "00:00:01"));
        var id = await coordinator.StartJobAsync(new { prefix = "", batchSize = 10 });
        var queue = deployment.Queues.GetQueueClient("batches");

        // Two batches, each queued again after each wait.
        await Eventually.TrueAsync(
            async () => (await queue.GetPropertiesAsync(App.Cancellation)).Value.ApproximateMessagesCount >= 2 * 11,
            "the worker has been away for ten wait limits",
            90);
        Assert.Equal(JobState.Running, (await coordinator.JobAsync(id)).State);
        var worker = await deployment.StartAsync("worker");
        var job = await coordinator.JobEndsAsync(id);

        Assert.Equal((JobState.Completed, 20, 20), (job.State, job.Discovered, job.Detected));
        Assert.Equal(20, await worker.ImagesComputedAsync());
        await deployment.QueuesAreEmptyAsync();
        await deployment.StagingIsEmptyAsync();
    }

    private static async Task AssertCompleteAsync(Deployment deployment, JobStatus job)
    {
        var expected = SampleImages.Good(Images).Select(image => (image.Name, Code: (string?)null))
            .Concat(SampleImages.Poison.Select(poison => (poison.Name, Code: (string?)poison.Code)));
        var records = await deployment.RecordsAsync(Images + 20);
        Assert.Equal(expected.Order(), records.Values.Select(record => (record.Image.Name, Code: record.Error?.Code)).Order());
        Assert.All(records.Values.Where(record => record.Error is null), AssertDetected);

        Assert.Equal((JobState.Completed, null), (job.State, job.Error));
        Assert.Equal(Images + 20, job.Discovered);
        Assert.Equal(job.Discovered, job.Detected + job.Failed + job.Skipped);
        var manifest = await deployment.ManifestAsync(job.JobId);
        Assert.Equal(manifest.Discovered, manifest.Detected + manifest.Failed + manifest.Skipped);
        Assert.Empty(manifest.Missing);
        await deployment.QueuesAreEmptyAsync();
        await deployment.StagingIsEmptyAsync();
    }

    private static void AssertDetected(DetectionResult record)
    {
        Assert.Equal(DetectionStatus.Detected, record.Status);
        Assert.Equal("test-plus", record.Model!.Name);
        Assert.Equal("CPU", record.Provider);
        Assert.NotNull(record.Image.Etag);
    }
}
