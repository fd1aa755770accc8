using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Tests.Storage;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Pipeline.Tests.Jobs;

/// <summary>Batches that a worker finishes when their job has given them up: whenever that is, their images get their records.</summary>
public sealed class LateBatchesTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_BatchStagedAtAnyMomentOfACancelledJobsEnd_GetsItsRecord()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        for (int index = 0, requests = 1; index <= requests; index++)
        {
            var (early, late) = (await app.UploadAsync($"{index}/a.png"), await app.UploadAsync($"{index}/b.png"));
            var job = await JobPagerTests.CreateAsync(app, new JobRequest { Prefix = $"{index}/", BatchSize = 1 });
            var page = Assert.Single(await JobPagerTests.ListAllAsync(app, job));
            var batches = page.Split(job);
            await StageAsync(app, batches[0], early);
            BatchDetected? detected = null;
            using var storage = new InterruptedStorage(index, async () => detected = await StageAsync(app, batches[1], late));

            var progress = new JobProgress { StartedUtc = job.CreatedUtc }.Add(page);
            var end = new JobEnd(job, progress, JobState.Cancelled, job.CreatedUtc.AddSeconds(1), "The job was cancelled.");
            await Writer(app, storage.ClientsOf(app)).WriteAsync(end, Token);
            requests = storage.Requests;
            detected ??= await StageAsync(app, batches[1], late);

            // The engine refuses the event of a batch that its job has given up.
            await app.Get<DetectionWriter>().WriteLateAsync(detected, Token);

            Assert.NotNull(await app.ReadAsync(early.Name));
            Assert.True(await app.ReadAsync(late.Name) is not null, $"Staged before request {index}: expected a record, found none.");
            Assert.Empty(await TestApp.ListBlobsAsync(app.Staging));
        }
    }

    /// <summary>A batch whose results could not be written ten times: the next job over its images skips them, because they are there.</summary>
    [Fact]
    public async Task Write_JobThatLacksABatch_WritesItsRecordsBeforeTheNextJobSkipsThem()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("a.png");
        var job = await JobPagerTests.CreateAsync(app, new JobRequest());
        var page = Assert.Single(await JobPagerTests.ListAllAsync(app, job));
        Assert.NotNull(await app.ProcessAsync(Assert.Single(page.Split(job))));
        var progress = new JobProgress { StartedUtc = job.CreatedUtc }.Add(page);

        var manifest = await EndAsync(app, job, progress);

        Assert.Equal(JobState.Inconsistent, manifest.State);
        Assert.Equal([page.Blob], (await TestApp.ListBlobsAsync(app.Staging)).Keys);
        job = await JobPagerTests.CreateAsync(app, new JobRequest());
        page = Assert.Single(await JobPagerTests.ListAllAsync(app, job));
        var counts = await app.RunAsync(Assert.Single(page.Split(job)));
        manifest = await EndAsync(app, job, new JobProgress { StartedUtc = job.CreatedUtc }.Add(page).Add(counts));
        Assert.Equal((JobState.Completed, 1L), (manifest.State, manifest.Skipped));
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("a.png"))?.Status);
    }

    private static Task<JobManifest> EndAsync(TestApp app, JobDefinition job, JobProgress progress) =>
        app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, job.CreatedUtc), Token);

    private static Task<BatchDetected> StageAsync(TestApp app, BatchReference batch, ImageMessage image) =>
        app.Get<BatchStaging>().WriteAsync(batch, [Detected(image)], Token);

    private static StagedImage Detected(ImageMessage image)
    {
        var reference = new ImageReference(image.Container, image.Name, image.Etag, image.Bytes!.Value);
        var result = DetectionResult.CreateFailure(new DetectionError("none", "None."), reference, DateTimeOffset.UnixEpoch);
        return new StagedImage
        {
            Container = image.Container,
            Name = image.Name,
            Identity = image.Etag,
            Result = result with { Status = DetectionStatus.Detected, Error = null, Detections = [] },
        };
    }

    private static ManifestWriter Writer(TestApp app, StorageClients clients)
    {
        var (staging, results) = (new BatchStaging(clients), new JobResults(clients));
        var records = new ResultRecords(clients, NullLogger<ResultRecords>.Instance);
        var lines = new JobLines(records, staging, NullLogger<JobLines>.Instance);
        return new ManifestWriter(
            clients,
            app.Get<JobStore>(),
            results,
            new DetectionWriter(staging, records, results, lines, TimeProvider.System, NullLogger<DetectionWriter>.Instance),
            app.Get<IOptions<JobOptions>>(),
            NullLogger<ManifestWriter>.Instance);
    }
}
