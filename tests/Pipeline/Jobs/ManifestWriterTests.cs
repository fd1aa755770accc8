using Nanodet.Detection.Detectors;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Images;
using Nanodet.Detection.Results;
using Nanodet.Detection.Slicing;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Pipeline.Tests.Jobs;

public sealed class ManifestWriterTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_WholeJob_AddsUp()
    {
        await using var app = await TestApp.CreateReadyAsync(
            fixture,
            new Dictionary<string, string?> { ["Nanodet:Jobs:PricePerProcessorHour"] = "36", ["Nanodet:Jobs:Currency"] = "EUR" });
        var first = new List<ImageMessage>();
        for (var i = 0; i < 40; i++)
        {
            var image = await app.UploadAsync($"{i:D2}.png", i % 10 == 9 ? "no image"u8.ToArray() : null);
            if (i < 12)
            {
                first.Add(image);
            }
        }

        await app.RunAsync(first);
        var job = await JobPagerTests.CreateAsync(app, new JobRequest { PageSize = 15, BatchSize = 4 });
        var progress = await RunAsync(app, job);
        var end = new JobEnd(job, progress, JobState.Completed, progress.StartedUtc.AddSeconds(4));
        var manifest = await app.Get<ManifestWriter>().WriteAsync(end, Token);

        Assert.Equal(JobState.Completed, manifest.State);
        Assert.Equal((40, 25, 3, 12, 0), (manifest.Discovered, manifest.Detected, manifest.Failed, manifest.Skipped, manifest.Unprocessed));
        Assert.Equal((3, 10.0, 4.0), (manifest.Pages, manifest.ImagesPerSecond, manifest.Seconds));
        Assert.Equal(("CPU", "test-plus"), (manifest.Provider, manifest.Model!.Name));
        Assert.Empty(manifest.Missing);

        var results = await ReadResultsAsync(app, Assert.Single(manifest.Results));
        Assert.Equal(
            Enumerable.Range(0, 40).Select(i => $"{i:D2}.png"),
            results.Select(result => result.Image.Name));

        // Skipped images have the line of their record, which another request made.
        Assert.All(results[..12], result => Assert.Null(result.JobId));
        Assert.All(results[12..], result => Assert.Equal(job.JobId, result.JobId));
        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging));

        // What the lines add up to.
        Assert.Equal(
            results.SelectMany(result => result.Detections ?? []).GroupBy(found => found.ClassName)
                .ToDictionary(group => group.Key, group => group.LongCount()),
            manifest.Classes!.ToDictionary());
        Assert.NotEmpty(manifest.Classes!);
        Assert.Equal(new Dictionary<string, long> { ["not_an_image"] = 4 }, manifest.Failures!.ToDictionary());
        var model = Assert.Single(manifest.Models!);
        Assert.Equal(("CPU", "fp32", 40L), (model.Provider, model.Model.Precision, model.Images));
        var own = results.Where(result => result.JobId == job.JobId).Select(result => result.Timings);
        var seconds = own.Sum(time => time.DecodeMs + time.PreprocessMs + time.InferenceMs + time.PostprocessMs) / 1000;
        Assert.Equal(seconds, manifest.Cost!.ProcessorSeconds, 1e-3);
        Assert.Equal((0.0, "EUR"), (manifest.Cost.GpuSeconds, manifest.Cost.Currency));
        Assert.Equal(manifest.Cost.ProcessorSeconds * 36 / 3600, manifest.Cost.Amount!.Value, 1e-5);

        // Again: nothing changes.
        var before = await TestApp.ListBlobsAsync(app.Jobs);
        await app.Get<ManifestWriter>().WriteAsync(end with { State = JobState.Failed }, Token);
        Assert.Equal(before, await TestApp.ListBlobsAsync(app.Jobs));
        var stored = await app.Get<JobStore>().FindManifestAsync(job.JobId, Token);
        Assert.Equal(manifest.Results, stored!.Results);
        var status = JobStatus.From(stored);
        Assert.Equal((JobState.Completed, 10.0, 0.0), (status.State, status.ImagesPerSecond, status.SecondsLeft));
    }

    [Fact]
    public async Task Run_JobThatAsksForPictures_HasThemBesideTheResults()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("cam1/a.png");
        await app.UploadAsync("bad.png", "no image"u8.ToArray());
        var job = await JobPagerTests.CreateAsync(app, new JobRequest { Pictures = BatchPictures.Both });

        var progress = await RunAsync(app, job);

        Assert.Equal((1, 1), (progress.Detected, progress.Failed));
        var images = app.Images.Name;
        string[] pictures = [$"_boxes/{images}/cam1/a.png.jpg", $"_thumbnails/{images}/cam1/a.png.jpg"];
        Assert.Equal(pictures, (await TestApp.ListBlobsAsync(app.Detections, "_")).Keys);
        foreach (var name in pictures)
        {
            var content = (await app.Detections.GetBlobClient(name).DownloadContentAsync(Token)).Value;
            Assert.Equal("image/jpeg", content.Details.ContentType);
            using var decoded = ImageDecoder.Decode(content.Content.ToMemory().Span, new ImageLimits());
            Assert.InRange(decoded.Width, 1, 320);
        }
    }

    [Fact]
    public async Task Run_JobWithChoices_KeepsThemOrSaysWhatTheModelLacks()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("cam1/a.png");
        await app.UploadAsync("cam2/a.png");
        var unknown = await JobPagerTests.CreateAsync(
            app, new JobRequest { Options = new DetectionRequestOptions { Classes = ["unicorn"] } });
        var refused = await RunAsync(app, unknown);
        Assert.Equal((0, 2), (refused.Detected, refused.Failed));
        var record = (await app.ReadAsync("cam1/a.png"))!;
        Assert.Equal("class_unknown", record.Error!.Code);
        Assert.Contains("'unicorn'", record.Error.Message, StringComparison.Ordinal);

        // Everything counts in one folder, and nothing in a corner of the other.
        var options = new DetectionRequestOptions
        {
            Slices = new SliceOptions(64),
            ClassThresholds = new Dictionary<string, float> { ["blue"] = 0.5f },
            Regions = [new Region([new(0, 0), new(0.001f, 0), new(0, 0.001f)], "cam2/*", Relative: true)],
        };
        var job = await JobPagerTests.CreateAsync(app, new JobRequest { Options = options });
        var progress = await RunAsync(app, job);

        Assert.Equal((2, 0), (progress.Detected, progress.Failed));
        var (first, second) = ((await app.ReadAsync("cam1/a.png"))!, (await app.ReadAsync("cam2/a.png"))!);
        Assert.NotEmpty(first.Detections!);
        Assert.Empty(second.Detections!);
        Assert.Equal((options.Slices, 64), (first.Options!.Slices, first.Options.Regions!.Length));

        // The same request again finds the same identity.
        var again = await JobPagerTests.CreateAsync(app, new JobRequest { Options = options with { Regions = [.. options.Regions] } });
        Assert.Equal(2, (await RunAsync(app, again)).Skipped);
    }

    [Fact]
    public void Models_OfSeveralFormsAndProviders_AreToldApart()
    {
        var summary = new JobSummary("mine");
        summary.Add(Result("aa", "CPU", "mine", 1000));
        summary.Add(Result("bb", "CUDA", "mine", 500));
        summary.Add(Result("bb", "CUDA", "mine", 500));
        summary.Add(Result("bb", "CUDA", "another", 500));

        Assert.Equal([("bb", 3L), ("aa", 1L)], summary.Models.Select(model => (model.Model.Sha256, model.Images)));
        Assert.Equal((1.003, 1.0), (summary.ProcessorSeconds, summary.GpuSeconds));
        Assert.Equal(
            new JobCost(1.003, 1, Math.Round(((1.003 * 2) + 9) / 3600, 6), "EUR"),
            new JobOptions { PricePerProcessorHour = 2, PricePerGpuHour = 9, Currency = "EUR" }.CostOf(1.003, 1));
        Assert.Null(new JobOptions().CostOf(1, 1).Amount);
    }

    [Fact]
    public async Task Write_NoImages_IsCompletedWithEmptyResults()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var job = await JobPagerTests.CreateAsync(app, new JobRequest());
        var progress = await RunAsync(app, job);
        var manifest = await app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, progress.StartedUtc), Token);

        Assert.Equal((JobState.Completed, 0L, 1), (manifest.State, manifest.Discovered, manifest.Pages));
        Assert.Empty(await ReadResultsAsync(app, Assert.Single(manifest.Results)));
        Assert.Null(manifest.Model);
    }

    [Fact]
    public async Task Write_AllSkipped_HasTheLinesOfTheRecords()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.RunAsync(await app.UploadAsync("a.png"), await app.UploadAsync("b.png"));
        var job = await JobPagerTests.CreateAsync(app, new JobRequest());
        var progress = await RunAsync(app, job);
        var manifest = await app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, progress.StartedUtc), Token);
        Assert.Equal((JobState.Completed, 2L), (manifest.State, manifest.Skipped));
        Assert.Equal(["a.png", "b.png"], (await ReadResultsAsync(app, manifest.Results[0])).Select(result => result.Image.Name));
        Assert.Equal(2, app.Model.Status.Images);
    }

    [Fact]
    public async Task Write_CountsThatDoNotAddUp_AreInconsistentAndKeepTheLists()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("a.png");
        var job = await JobPagerTests.CreateAsync(app, new JobRequest());
        var progress = await RunAsync(app, job);
        var end = new JobEnd(job, progress with { Discovered = 5, Detected = 3 }, JobState.Completed, progress.StartedUtc);
        var manifest = await app.Get<ManifestWriter>().WriteAsync(end, Token);

        Assert.Equal(JobState.Inconsistent, manifest.State);
        Assert.Equal(
            [
                "Expected detected + failed + skipped to be the 5 images found, found 3 + 0 + 0: 2 without a record.",
                "Expected 3 lines of results, one for each of these images, found 1.",
            ],
            manifest.Missing);
        Assert.NotEmpty(await TestApp.ListBlobsAsync(app.Staging));
        Assert.Contains("2 without a record", JobStatus.From(manifest).Error);
    }

    [Fact]
    public async Task Write_JobThatEndedEarly_SaysWhatItDidNotComeTo()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        for (var i = 0; i < 6; i++)
        {
            await app.UploadAsync($"{i}.png", i < 2 ? [7] : null);
        }

        var job = await JobPagerTests.CreateAsync(app, new JobRequest { PageSize = 3, BatchSize = 3, ErrorThreshold = ErrorThreshold.Parse("50%") });
        var page = await app.Get<JobPager>().ListAsync(new JobPageRequest(job, 0, null), Token);
        var progress = new JobProgress { StartedUtc = job.CreatedUtc }.Add(page).Add(await app.RunAsync(page.Split(job)[0]));
        Assert.True(job.ErrorThreshold.IsExceeded(progress.Failed, progress.CountProcessed()));

        var next = await app.Get<JobPager>().ListAsync(new JobPageRequest(job, 1, page.NextToken), Token);
        var end = new JobEnd(job, progress.Add(next), JobState.Failed, job.CreatedUtc.AddSeconds(1), "2 of 3 images failed");
        var manifest = await app.Get<ManifestWriter>().WriteAsync(end, Token);
        Assert.Equal((JobState.Failed, 6L, 3L), (manifest.State, manifest.Discovered, manifest.Unprocessed));
        Assert.Equal("2 of 3 images failed", manifest.Error);
        Assert.Equal(3, (await ReadResultsAsync(app, manifest.Results[0])).Count);
    }

    [Fact]
    public async Task Write_CancelledJobWithAFinishedBatch_WritesItsRecordsAndCountsThemAsUnprocessed()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("a.png");
        await app.UploadAsync("b.png");
        var job = await JobPagerTests.CreateAsync(app, new JobRequest { PageSize = 2, BatchSize = 1 });
        var page = await app.Get<JobPager>().ListAsync(new JobPageRequest(job, 0, null), Token);
        var late = await app.ProcessAsync(page.Split(job)[1]);
        Assert.Null(await app.ReadAsync("b.png"));

        var progress = new JobProgress { StartedUtc = job.CreatedUtc }.Add(page);
        var end = new JobEnd(job, progress, JobState.Cancelled, job.CreatedUtc.AddSeconds(1), "The job was cancelled.");
        var manifest = await app.Get<ManifestWriter>().WriteAsync(end, Token);

        Assert.Equal((JobState.Cancelled, 2L), (manifest.State, manifest.Unprocessed));
        Assert.Null(await app.ReadAsync("a.png"));
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("b.png"))!.Status);
        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging));

        // The worker's event comes after the end: there is nothing left to write, and the record stays as it is.
        var before = await TestApp.ListBlobsAsync(app.Detections);
        await app.Get<DetectionWriter>().WriteLateAsync(late!, Token);
        Assert.Equal(before, await TestApp.ListBlobsAsync(app.Detections));
    }

    [Fact]
    public async Task Write_MorePagesThanAFileHasBlocksFor_GoOnInTheNext()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var job = (await JobPagerTests.CreateAsync(app, new JobRequest { PageSize = 5000, BatchSize = 1 })) with { };
        var progress = new JobProgress { StartedUtc = job.CreatedUtc };

        // Ten pages of 5000 batches are 50,000 blocks.
        foreach (var number in new[] { 0, 9, 10, 25 })
        {
            await app.UploadAsync($"p{number:D2}/a.png");
            var page = await app.Get<JobPager>().ListAsync(new JobPageRequest(job with { Prefix = $"p{number:D2}/" }, number, null), Token);
            progress = progress.Add(page).Add(await app.RunAsync(Assert.Single(page.Split(job))));
        }

        var end = new JobEnd(job, progress with { Pages = 26 }, JobState.Completed, job.CreatedUtc.AddSeconds(1));
        var manifest = await app.Get<ManifestWriter>().WriteAsync(end, Token);
        Assert.Equal(
            [$"{job.JobId}/results.ndjson", $"{job.JobId}/results-0001.ndjson", $"{job.JobId}/results-0002.ndjson"], manifest.Results);
        Assert.Equal((JobState.Completed, 4L), (manifest.State, manifest.Detected));
        Assert.Equal(["p00/a.png", "p09/a.png"], (await ReadResultsAsync(app, manifest.Results[0])).Select(result => result.Image.Name));
        Assert.Equal("p10/a.png", Assert.Single(await ReadResultsAsync(app, manifest.Results[1])).Image.Name);
        Assert.Equal("p25/a.png", Assert.Single(await ReadResultsAsync(app, manifest.Results[2])).Image.Name);
    }

    [Fact]
    public async Task Write_BatchThatWasRepeatedAfterItWasClearedAway_CountsOnce()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("a.png");
        await app.UploadAsync("b.png");
        var job = await JobPagerTests.CreateAsync(app, new JobRequest());
        var page = await app.Get<JobPager>().ListAsync(new JobPageRequest(job, 0, null), Token);
        await app.Images.GetBlobClient("b.png").DeleteAsync(cancellationToken: Token);
        var batch = Assert.Single(page.Split(job));
        var counts = await app.RunAsync(batch);
        Assert.Equal(new BatchCounts(1, 1, 0), counts);

        // The worker gets the message once more: only the failure without identity is made again.
        // What the first delivery detected still counts as detected: the counts are those of the lines.
        Assert.Equal(counts, await app.RunAsync(batch));
        var progress = new JobProgress { StartedUtc = job.CreatedUtc }.Add(page).Add(counts);
        var manifest = await app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, job.CreatedUtc), Token);
        Assert.Equal((JobState.Completed, 2), (manifest.State, (await ReadResultsAsync(app, manifest.Results[0])).Count));
    }

    [Fact]
    public async Task Write_BatchDetectedAgainBeforeItWasCounted_CountsItsLinesOnce()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        for (var i = 0; i < 6; i++)
        {
            await app.UploadAsync($"{i}.png", i == 5 ? [7] : null);
        }

        var job = await JobPagerTests.CreateAsync(app, new JobRequest { BatchSize = 3 });
        var page = await app.Get<JobPager>().ListAsync(new JobPageRequest(job, 0, null), Token);
        var progress = new JobProgress { StartedUtc = job.CreatedUtc }.Add(page);
        foreach (var batch in page.Split(job))
        {
            // The results are written, and then a coordinator dies that has not counted them: what it knows comes from the next delivery.
            await app.RunAsync(batch);
            progress = progress.Add(await app.RunAsync(batch));
        }

        var manifest = await app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, job.CreatedUtc), Token);
        Assert.Empty(manifest.Missing);
        Assert.Equal((JobState.Completed, 5L, 1L, 0L), (manifest.State, manifest.Detected, manifest.Failed, manifest.Skipped));
        Assert.Equal(
            Enumerable.Range(0, 6).Select(i => $"{i}.png"),
            (await ReadResultsAsync(app, Assert.Single(manifest.Results))).Select(result => result.Image.Name));
    }

    /// <summary>
    /// The worker gets the message once more after the batch was counted and cleared away, and the activity that writes comes once more, too:
    /// the lines of the second time take the place of those that were counted.
    /// </summary>
    [Fact]
    public async Task Write_BatchDetectedOtherwiseAfterItWasCounted_CountsItsLines()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("a.png");
        await app.UploadAsync("b.png");
        var job = await JobPagerTests.CreateAsync(app, new JobRequest());
        var page = await app.Get<JobPager>().ListAsync(new JobPageRequest(job, 0, null), Token);
        var batch = Assert.Single(page.Split(job));
        var counted = await app.RunAsync(batch);
        Assert.Equal(new BatchCounts(2, 0, 0), counted);

        // Meanwhile the image has another content, and a record of that.
        await app.RunAsync([await app.UploadAsync("b.png", TestModel.Image[..^1])]);
        Assert.Equal(new BatchCounts(1, 1, 0), await app.RunAsync(batch));

        var progress = new JobProgress { StartedUtc = job.CreatedUtc }.Add(page).Add(counted);
        var manifest = await app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, job.CreatedUtc), Token);
        Assert.Empty(manifest.Missing);
        Assert.Equal((JobState.Completed, 1L, 1L, 0L), (manifest.State, manifest.Detected, manifest.Failed, manifest.Skipped));
        Assert.Equal(new Dictionary<string, long> { ["blob_changed"] = 1 }, manifest.Failures!.ToDictionary());
    }

    [Fact]
    public async Task Write_SkippedForAResultThatIsNotWrittenYet_HasItsLine()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var image = await app.UploadAsync("a.png");
        var first = await app.ListAsync(image);
        var detected = await app.ProcessAsync(first);
        var job = await JobPagerTests.CreateAsync(app, new JobRequest());
        var progress = await RunAsync(app, job);
        Assert.Null(await app.ReadAsync("a.png"));
        await app.WriteAsync(first, detected!);

        var manifest = await app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, job.CreatedUtc), Token);
        Assert.Equal((JobState.Completed, 1L), (manifest.State, manifest.Skipped));
        Assert.Equal(image.Etag, Assert.Single(await ReadResultsAsync(app, manifest.Results[0])).Image.Etag);
    }

    [Fact]
    public async Task Write_RecordRemovedBeforeItsLineWasWritten_SaysThatALineIsMissing()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.RunAsync(await app.UploadAsync("a.png"), await app.UploadAsync("b.png"));
        var job = await JobPagerTests.CreateAsync(app, new JobRequest());
        var page = await app.Get<JobPager>().ListAsync(new JobPageRequest(job, 0, null), Token);
        var batch = Assert.Single(page.Split(job));
        var detected = await app.ProcessAsync(batch);
        await app.Detections.GetBlobClient($"{app.Images.Name}/b.png.json").DeleteAsync(cancellationToken: Token);
        var progress = new JobProgress { StartedUtc = job.CreatedUtc }.Add(page).Add(await app.WriteAsync(batch, detected!));

        var manifest = await app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, job.CreatedUtc), Token);
        Assert.Equal("Expected 2 lines of results, one for each of these images, found 1.", Assert.Single(manifest.Missing));
    }

    [Fact]
    public void Status_JobUnderWay_HasRateAndTimeLeft()
    {
        var start = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        var progress = new JobProgress { Discovered = 300, Detected = 80, Failed = 10, Skipped = 10, StartedUtc = start };
        var status = JobStatus.From("job", progress, start.AddSeconds(20));
        Assert.Equal((JobState.Running, 5.0, 40.0), (status.State, status.ImagesPerSecond, status.SecondsLeft));
        Assert.Null(JobStatus.From("job", new JobProgress { StartedUtc = start }, start).SecondsLeft);
    }

    [Fact]
    public void BlockId_AnyNumbers_HaveOneLengthAndComeBack()
    {
        ResultBlockId[] ids = [new(0, 0, 0), new(int.MaxValue, 4999, 1000), new(7, 64, 3)];
        Assert.Single(ids.Select(id => id.Encode().Length).Distinct());
        Assert.Equal(ids, ids.Select(id => ResultBlockId.TryDecode(id.Encode())!.Value));
        Assert.Null(ResultBlockId.TryDecode("AAAA"));
        Assert.Null(ResultBlockId.TryDecode("no base64"));
    }

    private static DetectionResult Result(string sha256, string provider, string jobId, double inferenceMs) => new()
    {
        Status = DetectionStatus.Detected,
        Image = new ResultImage("images", "a.png", "0x1", 1, 1, 1),
        Model = new ResultModel("m", "1", sha256, 96, 64) { Precision = "fp32" },
        Options = new ResultOptions(0.35f, 0.6f, 100),
        Detections = [],
        Provider = provider,
        Timings = new StageTimings(0.5, 0.25, inferenceMs, 0.25),
        JobId = jobId,
        CreatedUtc = DateTime.UnixEpoch,
    };

    private static async Task<JobProgress> RunAsync(TestApp app, JobDefinition job)
    {
        var progress = new JobProgress { StartedUtc = job.CreatedUtc };
        foreach (var page in await JobPagerTests.ListAllAsync(app, job))
        {
            progress = progress.Add(page);

            // Finished in another order than they are listed.
            foreach (var batch in page.Split(job).Reverse())
            {
                progress = progress.Add(await app.RunAsync(batch));
            }
        }

        return progress;
    }

    private static async Task<List<DetectionResult>> ReadResultsAsync(TestApp app, string name)
    {
        var results = new List<DetectionResult>();
        var lines = NdjsonLines.ReadAsync(app.Jobs.GetBlobClient(name), 0, int.MaxValue, Token);
        await foreach (var line in lines)
        {
            results.Add(MessageReader.Read(line, ResultJson.Default.DetectionResult));
        }

        return results;
    }
}
