using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Tests.Jobs;
using Nanodet.Serverless.Pipeline.Tests.Storage;
using Nanodet.Serverless.Pipeline.Writing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Writing;

public sealed class DetectionWriterTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_Replayed_WritesTheSameBytes()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"), await app.UploadAsync("b.png", "no image"u8.ToArray()));
        var detected = (await app.ProcessAsync(batch))!;

        // A coordinator that dies between writing and clearing: its successor finds the staging blob again.
        var staging = app.Staging.GetBlobClient(detected.StagingBlob);
        var content = (await staging.DownloadContentAsync(Token)).Value.Content;
        var counts = await app.WriteAsync(batch, detected);
        var first = await ContentsAsync(app);
        await staging.UploadAsync(content, overwrite: true, Token);

        Assert.Equal(counts, await app.WriteAsync(batch, detected));
        Assert.Equal(first, await ContentsAsync(app));

        // And one that dies after clearing finds nothing, and still knows the counts.
        Assert.Equal(counts, await app.WriteAsync(batch, detected));
        Assert.Equal(new BatchCounts(1, 1, 0), counts);
        Assert.Equal(first, await ContentsAsync(app));
        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging));
    }

    [Fact]
    public async Task Run_FirstBatch_TakesThreeOperationsAnImageAndTenForItself()
    {
        // An Azurite of its own: others would be counted, too.
        var alone = new AzuriteFixture();
        await alone.InitializeAsync();
        await using var app = await TestApp.CreateReadyAsync(alone);
        const int Count = 16;
        var images = new List<ImageMessage>();
        for (var i = 0; i < Count; i++)
        {
            images.Add(await app.UploadAsync($"{i}.png"));
        }

        // The access log may lag behind the last answer: it is complete when a known request shows in it.
        var before = await SettleAsync(alone, app);
        await app.RunAsync(await app.ListAsync(images));
        var after = await SettleAsync(alone, app);

        // List written; staging looked for, list read, mark made, staging written, mark removed; staging read, list and staging deleted.
        // Each image: record looked up, image read, record written. The marks are listed once in ten seconds, so at the first batch.
        Assert.Equal(9 + 1 + (3 * Count) + 1, after - before);
        await alone.DisposeAsync();
    }

    [Fact]
    public async Task WriteLate_OrchestrationGone_LeavesRecordsForBatchesThatSkipped()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var image = await app.UploadAsync("a.png");
        var detected = (await app.ProcessAsync(await app.ListAsync(image)))!;

        // Another batch skips the image because its result waits in staging; then the first batch's event is refused.
        Assert.Equal(new BatchCounts(0, 0, 1), await app.RunAsync(image with { Stamp = "second" }));
        Assert.Null(await app.ReadAsync("a.png"));
        await app.Get<DetectionWriter>().WriteLateAsync(detected, Token);
        await app.Get<DetectionWriter>().WriteLateAsync(detected, Token);

        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("a.png"))!.Status);
        Assert.False(await app.Staging.GetBlobClient(detected.StagingBlob).ExistsAsync(Token));
        Assert.Equal(1, app.Model.Status.Images);
    }

    /// <summary>Old records may lie in the archive tier: their metadata says that the image was done, and nobody can read them.</summary>
    [Fact]
    public async Task Write_RecordOfASkippedImageThatCannotBeRead_LacksItsLineOnly()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.RunAsync(await app.UploadAsync("a.png"), await app.UploadAsync("b.png"), await app.UploadAsync("c.png"));
        var job = await JobPagerTests.CreateAsync(app, new JobRequest());
        var page = Assert.Single(await JobPagerTests.ListAllAsync(app, job));
        var batch = Assert.Single(page.Split(job));
        var detected = (await app.ProcessAsync(batch))!;
        using var storage = RefusingStorage.Conflict(HttpMethod.Get, "/b.png.json", "BlobArchived");

        var counts = await Writer(storage.ClientsOf(app)).WriteAsync(batch, detected, Token);

        Assert.Equal(new BatchCounts(0, 0, 3), counts);
        var progress = new JobProgress { StartedUtc = job.CreatedUtc }.Add(page).Add(counts);
        var manifest = await app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, job.CreatedUtc), Token);
        Assert.Equal(["Expected 3 lines of results, one for each of these images, found 2."], manifest.Missing);
    }

    /// <summary>A record that has a lease or a legal hold cannot be written: its neighbours are, each time that the batch is tried.</summary>
    [Fact]
    public async Task Write_RecordThatIsRefused_WritesTheOthers()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var names = Enumerable.Range(0, 24).Select(i => $"{i:D2}.png").ToArray();
        var images = new List<ImageMessage>();
        foreach (var name in names)
        {
            images.Add(await app.UploadAsync(name));
        }

        var batch = await app.ListAsync(images);
        var detected = (await app.ProcessAsync(batch))!;
        using var storage = RefusingStorage.Conflict(HttpMethod.Put, "/03.png.json", "BlobImmutableDueToPolicy");

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => Writer(storage.ClientsOf(app)).WriteAsync(batch, detected, Token));

        Assert.Equal(
            names.Where(name => name != "03.png").Select(name => $"{app.Images.Name}/{name}.json"),
            (await TestApp.ListBlobsAsync(app.Detections)).Keys);
        Assert.Contains($"{app.Images.Name}/03.png", failure.Message, StringComparison.Ordinal);

        // The results stay until all of them are written.
        await app.WriteAsync(batch, detected);
        Assert.NotNull(await app.ReadAsync("03.png"));
        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging));
    }

    /// <summary>A job that was cancelled while workers had batches under way: one that cannot be written keeps no other from it.</summary>
    [Fact]
    public async Task WriteLate_BatchThatIsRefused_WritesTheOthers()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("a.png");
        await app.UploadAsync("b.png");
        var job = await JobPagerTests.CreateAsync(app, new JobRequest { BatchSize = 1 });
        var batches = Assert.Single(await JobPagerTests.ListAllAsync(app, job)).Split(job);
        var first = (await app.ProcessAsync(batches[0]))!;
        await app.ProcessAsync(batches[1]);
        using var storage = RefusingStorage.Conflict(HttpMethod.Put, "/a.png.json", "BlobImmutableDueToPolicy");

        await Assert.ThrowsAnyAsync<Exception>(() => Writer(storage.ClientsOf(app)).WriteLateAsync(job.JobId, Token));

        Assert.NotNull(await app.ReadAsync("b.png"));
        Assert.Equal([first.StagingBlob], (await TestApp.ListBlobsAsync(app.Staging, $"jobs/{job.JobId}/batches/")).Keys);
    }

    private static DetectionWriter Writer(StorageClients clients)
    {
        var (staging, results) = (new BatchStaging(clients), new JobResults(clients));
        var records = new ResultRecords(clients, NullLogger<ResultRecords>.Instance);
        var lines = new JobLines(records, staging, NullLogger<JobLines>.Instance);
        return new DetectionWriter(staging, records, results, lines, TimeProvider.System, NullLogger<DetectionWriter>.Instance);
    }

    /// <summary>Azurite logs requests one by one, and so the last one when all of them.</summary>
    private static async Task<long> SettleAsync(AzuriteFixture alone, TestApp app)
    {
        var before = alone.Azurite.Requests;
        await app.Images.ExistsAsync(Token);
        await Poll.UntilAsync(
            async () =>
            {
                var seen = alone.Azurite.Requests;
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Token);
                return seen > before && seen == alone.Azurite.Requests;
            },
            "a quiet log",
            Token);
        return alone.Azurite.Requests;
    }

    private static async Task<string> ContentsAsync(TestApp app)
    {
        var text = new StringBuilder();
        foreach (var name in (await TestApp.ListBlobsAsync(app.Detections)).Keys)
        {
            text.AppendLine(name).AppendLine((await app.Detections.GetBlobClient(name).DownloadContentAsync(Token)).Value.Content.ToString());
        }

        return text.ToString();
    }
}
