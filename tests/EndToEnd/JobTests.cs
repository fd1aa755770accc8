using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>What jobs can be asked for. One app for all of them, without the upload trigger: only jobs detect here.</summary>
public sealed class JobTests(JobApp shared) : IClassFixture<JobApp>
{
    private App App => shared.App;

    private Deployment Deployment => shared.Deployment;

    [Fact]
    public async Task StartJob_Twice_SecondSkipsAndForceComputesAgain()
    {
        await Deployment.Images.UploadAsync(SampleImages.Good(30, "twice"));
        var before = await App.ImagesComputedAsync();

        var first = await RunAsync(new { prefix = "twice/", batchSize = 7, pageSize = 10 });
        var second = await RunAsync(new { prefix = "twice/" });
        var forced = await RunAsync(new { prefix = "twice/", force = true, batchSize = 8 });

        Assert.Equal((30, 30, 0, 0), Counts(first));
        Assert.Equal((30, 0, 0, 30), Counts(second));
        Assert.Equal((30, 30, 0, 0), Counts(forced));
        Assert.Equal(60, await App.ImagesComputedAsync() - before);
        var manifest = await Deployment.ManifestAsync(first.JobId);
        Assert.Equal("test-plus", manifest.Model!.Name);
        Assert.Equal("CPU", manifest.Provider);
        Assert.Equal(3, manifest.Pages);
        var names = (await Deployment.ResultsAsync(manifest)).Select(line => line.GetProperty("image").GetProperty("name").GetString());
        Assert.Equal(SampleImages.Good(30, "twice").Select(image => image.Name).Order(), names.Order());
    }

    [Fact]
    public async Task StartJob_FilterAndOptions_TakesOnlyWhatMatchesAndDetectsAsAsked()
    {
        await Deployment.Images.UploadAsync(SampleImages.Good(12, "filter"));

        var options = new { scoreThreshold = 0.9, maxDetections = 3 };
        var job = await RunAsync(new { prefix = "filter/", filter = "**/*.png", options });

        Assert.Equal((4, 4, 0, 0), Counts(job));
        Assert.Equal(8, job.Filtered);
        var records = (await Deployment.ReadRecordsAsync()).Values
            .Where(record => record.Image.Name.StartsWith("filter/", StringComparison.Ordinal)).ToArray();
        Assert.Equal(4, records.Length);
        Assert.All(records, record => Assert.Equal((0.9f, 3), (record.Options!.ScoreThreshold, record.Options.MaxDetections)));
    }

    [Fact]
    public async Task RetryJob_FailuresRepaired_DetectsOnlyThoseUnlessForced()
    {
        var good = SampleImages.Good(10, "retry").ToArray();
        await Deployment.Images.UploadAsync(good[..7]);
        await Deployment.Images.UploadAsync(good[7..].Select(image => (image.Name, Array.Empty<byte>())));
        var first = await RunAsync(new { prefix = "retry/" });
        Assert.Equal((10, 7, 3, 0), Counts(first));
        Assert.Equal((JobState.Completed, null), (first.State, first.Error));
        await Deployment.Images.UploadAsync(good[7..9]);

        var (status, body) = await App.SendAsync(HttpMethod.Post, $"api/jobs/{first.JobId}/retry");
        Assert.Equal(HttpStatusCode.Accepted, status);
        var retried = await App.JobEndsAsync(body.GetProperty("jobId").GetString()!);

        // The third has the bytes with which it failed.
        Assert.Equal((2, 2, 0, 0), Counts(retried));
        Assert.Equal(8, retried.Filtered);

        (status, body) = await App.SendAsync(HttpMethod.Post, $"api/jobs/{first.JobId}/retry?force=true");
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal((1, 0, 1, 0), Counts(await App.JobEndsAsync(body.GetProperty("jobId").GetString()!)));
    }

    [Fact]
    public async Task StartJob_MoreFailuresThanTheThreshold_EndsEarlyAndSaysSo()
    {
        await Deployment.Images.UploadAsync(Enumerable.Range(0, 60).Select(i => ($"broken/{i:D2}.jpg", "no image"u8.ToArray())));

        var failed = await RunAsync(new { prefix = "broken/", errorThreshold = "10%", pageSize = 10, pagesInFlight = 1, batchSize = 5 });
        var borne = await RunAsync(new { prefix = "broken/", errorThreshold = -1, force = true });

        Assert.Equal(JobState.Failed, failed.State);
        Assert.Contains("threshold", failed.Error, StringComparison.Ordinal);
        Assert.True(failed.Discovered < 60, $"it went on: {failed}");
        var manifest = await Deployment.ManifestAsync(failed.JobId);
        Assert.Equal(manifest.Discovered, manifest.Detected + manifest.Failed + manifest.Skipped + manifest.Unprocessed);
        Assert.Equal((60, 0, 60, 0), Counts(borne));
    }

    [Fact]
    public async Task ListJobs_AfterAJob_HasItFirst()
    {
        var job = await RunAsync(new { prefix = "nothing-is-here/" });

        var (status, body) = await App.GetAsync("api/jobs?limit=5");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((0, 0, 0, 0), Counts(job));
        Assert.Contains(body.GetProperty("jobs").EnumerateArray(), listed => listed.GetProperty("jobId").GetString() == job.JobId);
    }

    [Theory]
    [InlineData("GET", "api/jobs/20200101-000000-none", null, HttpStatusCode.NotFound, "job_not_found")]
    [InlineData("GET", "api/jobs/..%2f..%2fmodels", null, HttpStatusCode.NotFound, "job_not_found")]
    [InlineData("DELETE", "api/jobs/none", null, HttpStatusCode.NotFound, "job_not_found")]
    [InlineData("POST", "api/jobs/none/retry", null, HttpStatusCode.NotFound, "job_not_found")]
    [InlineData("GET", "api/jobs?limit=0", null, HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/jobs", "no json", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/jobs", """{"errorThreshold":"110%"}""", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/jobs", """{"container":"models"}""", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/jobs", """{"options":{"scoreThreshold":2}}""", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/jobs", "", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/jobs", """{"folder":"cam1/"}""", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/jobs?prefix=cam1/", "{}", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/jobs", """{"prefix":"a\u0000"}""", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/jobs", """{"id":"../x","prefix":"a/"}""", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/detect?conf=0.9", "x", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/detect?score=2", "x", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/detect?max=many", "x", HttpStatusCode.BadRequest, "request_invalid")]
    [InlineData("POST", "api/detect", "no image", HttpStatusCode.UnprocessableEntity, "not_an_image")]
    [InlineData("POST", "api/detect", "", HttpStatusCode.UnprocessableEntity, "image_empty")]
    public async Task Request_ThatCannotBeServed_IsAProblemWithACode(
        string method, string path, string? body, HttpStatusCode expected, string code)
    {
        using var content = body is null ? null : new StringContent(body);

        var (status, problem) = await App.SendAsync(new HttpMethod(method), path, content);

        Assert.Equal((expected, code), (status, problem.GetProperty("code").GetString()));
        Assert.Equal((int)expected, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task StartJob_SentAgain_IsOneJob()
    {
        const string id = "20260101-000000-mine";
        Assert.Equal((HttpStatusCode.Accepted, id), await StartAsync(new { id, prefix = "nothing-is-here/" }));
        Assert.Equal((HttpStatusCode.OK, id), await StartAsync(new { id, prefix = "nothing-is-here/" }));
        await App.JobEndsAsync(id);
        Assert.Equal((HttpStatusCode.OK, id), await StartAsync(new { id, prefix = "nothing-is-here/" }));
        Assert.Equal((HttpStatusCode.Conflict, "job_id_taken"), await StartAsync(new { id, prefix = "elsewhere/" }));

        var (first, job) = await StartAsync(new { prefix = "nothing-is-here/" }, "\"8e03978e-40d5\"");
        Assert.Equal(HttpStatusCode.Accepted, first);
        Assert.Equal((HttpStatusCode.OK, job), await StartAsync(new { prefix = "nothing-is-here/" }, "8e03978e-40d5"));
        Assert.Equal(
            (HttpStatusCode.UnprocessableEntity, "idempotency_key_reused"), await StartAsync(new { prefix = "elsewhere/" }, "8e03978e-40d5"));
        await App.JobEndsAsync(job);

        async Task<(HttpStatusCode Status, string JobIdOrCode)> StartAsync(object request, string? key = null)
        {
            using var content = JsonContent.Create(request);
            if (key is not null)
            {
                content.Headers.TryAddWithoutValidation("Idempotency-Key", key);
            }

            var (status, body) = await App.SendAsync(HttpMethod.Post, "api/jobs", content);
            return (status, body.GetProperty((int)status < 300 ? "jobId" : "code").GetString()!);
        }
    }

    [Fact]
    public async Task CancelJob_ThatHasEnded_IsAConflict()
    {
        var job = await RunAsync(new { prefix = "nothing-is-here/" });

        var (status, problem) = await App.SendAsync(HttpMethod.Delete, $"api/jobs/{job.JobId}");

        Assert.Equal((HttpStatusCode.Conflict, "job_ended"), (status, problem.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task DetectImage_OneImage_AnswersItsResult()
    {
        var (_, bytes) = SampleImages.Good(1).Single();
        using var content = new ByteArrayContent(bytes);

        var (status, result) = await App.SendAsync(HttpMethod.Post, "api/detect?name=door.png&max=2", content);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("door.png", result.GetProperty("image").GetProperty("name").GetString());
        Assert.Equal(2, result.GetProperty("options").GetProperty("maxDetections").GetInt32());
        Assert.NotEqual(0, result.GetProperty("detections").GetArrayLength());
    }

    [Theory]
    [InlineData(40, HttpStatusCode.UnprocessableEntity, "not_an_image")]
    [InlineData(65, HttpStatusCode.RequestEntityTooLarge, "image_too_large")]
    public async Task DetectImage_LargeBody_IsReadUpToTheLimit(int mebibytes, HttpStatusCode expected, string code)
    {
        using var content = new ByteArrayContent(new byte[mebibytes << 20]);

        var (status, problem) = await App.SendAsync(HttpMethod.Post, "api/detect", content);

        Assert.Equal((expected, code), (status, problem.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Queues_MessagesThatCannotBeRead_EndAsDeadLetters()
    {
        string[] queues = ["images", "batches", "events"];
        foreach (var queue in queues)
        {
            await Deployment.Queues.GetQueueClient(queue).SendMessageAsync($"no message for {queue}", Hosting.App.Cancellation);
        }

        await Eventually.TrueAsync(
            async () =>
            {
                var letters = await DeadLettersAsync();
                return queues.All(queue => letters.Exists(one => one.Queue == queue && one.Message == $"no message for {queue}"));
            },
            "each message is a dead letter",
            60);
        await Deployment.QueuesAreEmptyAsync();
    }

    [Fact]
    public async Task Queues_PlainText_IsTakenAsBase64Is()
    {
        await Deployment.Images.UploadAsync(SampleImages.Good(2, "plain"));
        var names = SampleImages.Good(2, "plain").Select(image => image.Name).ToArray();
        var plain = new QueueServiceClient(Deployment.ConnectionString);

        // Today's SDKs send text as it is; on queue 'events' or straight on queue 'images'.
        await plain.GetQueueClient("events").SendMessageAsync(
            JsonSerializer.Serialize(new { container = "images", name = names[0] }), Hosting.App.Cancellation);
        await plain.GetQueueClient("images").SendMessageAsync(
            JsonSerializer.Serialize(new { container = "images", name = names[1] }), Hosting.App.Cancellation);
        foreach (var queue in (string[])["images", "batches", "events"])
        {
            await plain.GetQueueClient(queue).SendMessageAsync($"plain text for {queue}", Hosting.App.Cancellation);
            await plain.GetQueueClient(queue).SendMessageAsync(Convert.ToBase64String([0xFF, 0xFE, 0x00]), Hosting.App.Cancellation);
        }

        await Eventually.TrueAsync(
            async () => names.All((await Deployment.ReadRecordsAsync()).ContainsKey), "both images have records", 60);
        await Eventually.TrueAsync(
            async () =>
            {
                var problems = await DeadLettersAsync();
                return new[] { "images", "batches", "events" }.All(queue => problems.Count(letter => letter.Queue == queue
                    && letter.Problem is { Length: > 0 }
                    && (letter.Message == "//4A" || letter.Message == $"plain text for {queue}")) == 2);
            },
            "each message that cannot be read is a dead letter that says why",
            60);
        await Deployment.QueuesAreEmptyAsync();
    }

    [Fact]
    public async Task EventReceived_ThreeFormsAndStrangers_QueuesWhatIsOurs()
    {
        await Deployment.Images.UploadAsync(SampleImages.Good(3, "events"));
        var names = SampleImages.Good(3, "events").Select(image => image.Name).ToArray();
        var url = Deployment.Images.GetBlobClient(names[0]).Uri;
        var queue = Deployment.Queues.GetQueueClient("events");
        const string created = "Microsoft.Storage.BlobCreated";
        const string blobs = "/blobServices/default/containers/images/blobs/";
        var second = Deployment.Images.GetBlobClient(names[1]).Uri;
        var strange = new Uri("https://stranger.blob.core.windows.net/images/x.jpg");
        object[] events =
        [
            new { id = "1", eventType = created, subject = blobs + names[0], data = new { api = "PutBlob", url } },
            new { specversion = "1.0", id = "2", type = created, source = "x", subject = blobs + names[1], data = new { url = second } },
            new { container = "images", name = names[2] },
            new { container = "models", name = "current.json" },
            new { id = "3", eventType = created, subject = blobs + "x.jpg", data = new { api = "PutBlob", url = strange } },
        ];
        foreach (var one in events)
        {
            await queue.SendMessageAsync(JsonSerializer.Serialize(one), Hosting.App.Cancellation);
        }

        await Eventually.TrueAsync(
            async () => names.All((await Deployment.ReadRecordsAsync()).ContainsKey), "the images of the three events have records", 60);
        await Deployment.QueuesAreEmptyAsync();
        Assert.DoesNotContain("current.json", (await Deployment.ReadRecordsAsync()).Keys);
    }

    private async Task<List<(string Queue, string? Problem, string Message)>> DeadLettersAsync()
    {
        var letters = new List<(string, string?, string)>();
        var staging = Deployment.Blobs.GetBlobContainerClient("staging");
        await foreach (var blob in staging.GetBlobsAsync(
            BlobTraits.None, BlobStates.None, "dead-letters/", cancellationToken: Hosting.App.Cancellation))
        {
            var content = await staging.GetBlobClient(blob.Name).DownloadContentAsync(Hosting.App.Cancellation);
            using var json = JsonDocument.Parse(content.Value.Content);
            var letter = json.RootElement;
            letters.Add((
                letter.GetProperty("queue").GetString()!,
                letter.GetProperty("problem").GetString(),
                letter.GetProperty("message").GetString()!));
        }

        return letters;
    }

    private async Task<JobStatus> RunAsync(object request) => await App.JobEndsAsync(await App.StartJobAsync(request));

    private static (long Discovered, long Detected, long Failed, long Skipped) Counts(JobStatus job) =>
        (job.Discovered, job.Detected, job.Failed, job.Skipped);
}
