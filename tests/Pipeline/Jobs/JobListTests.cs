using System.Text;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Tests.Jobs;

public sealed class JobListTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("a/b c.jpg", "a/b c.jpg")]
    [InlineData("a.jpg\r", "a.jpg")]
    [InlineData("\"a\\u00e4\"", "a\u00e4")]
    [InlineData("{ \"name\": \"a\", \"other\": 1 }", "a")]
    [InlineData("{brace}.jpg", "{brace}.jpg")]
    [InlineData("\"\\ud800\"", "\"\\ud800\"")]
    [InlineData("{ \"nome\": \"a\" }", "{ \"nome\": \"a\" }")]
    [InlineData(" \t", null)]
    [InlineData("", null)]
    public void Parse_Line_IsANameAsItStandsAJsonTextOrAnObject(string line, string? name) =>
        Assert.Equal(name, JobList.Parse(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public async Task List_NamesInTheRequest_AreItsImagesPageByPage()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("a.png");
        await app.UploadAsync("not asked for.png");
        var request = new JobRequest { Images = new TextList(["a.png", "a.png", "x/\u00fc.png", "b.png", "..//"]), PageSize = 2 };
        var job = await JobPagerTests.CreateAsync(app, request);

        var pages = await JobPagerTests.ListAllAsync(app, job);

        Assert.Equal([(2, 0), (2, 0)], pages.Select(page => (page.Count, page.Filtered)));
        Assert.Equal(pages, await JobPagerTests.ListAllAsync(app, job));
        var counts = BatchCounts.None;
        var names = new List<string>();
        foreach (var batch in pages.SelectMany(page => page.Split(job)))
        {
            names.AddRange((await app.Get<BatchLists>().ReadAsync(batch, Token))!.Select(image => image.Name));
            counts = counts.Add(await app.RunAsync(batch));
        }

        Assert.Equal(["a.png", "x/\u00fc.png", "b.png", "..//"], names);
        Assert.Equal(new BatchCounts(1, 3, 0), counts);
    }

    /// <summary>Whoever makes the list, and wherever its pages end: an image of a job has one line.</summary>
    [Theory]
    [InlineData("request")]
    [InlineData("kept")]
    [InlineData("own")]
    public async Task List_NameOnTwoPages_IsOneImage(string way)
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("a.png");
        var content = BinaryData.FromString("a.png\n\n\"a.png\"\r\n{\"name\":\"a.png\"}");
        var request = new JobRequest { PageSize = 1 };
        switch (way)
        {
            case "request":
                request = request with { Images = new TextList(["a.png", "a.png"]) };
                break;
            case "kept":
                var (list, _) = await app.Get<JobStore>().StoreListAsync(content.ToMemory(), Token);
                Assert.Equal((1, 7), (list.Names, list.Bytes));
                Assert.Equal((list, false), await app.Get<JobStore>().StoreListAsync(content.ToMemory(), Token));
                request = request with { List = list.List };
                break;
            default:
                await app.Jobs.GetBlobClient("_lists/mine.txt").UploadAsync(content, Token);
                request = request with { List = "_lists/mine.txt", Id = "by-list" };
                break;
        }

        var (job, _) = await app.Get<JobStore>().CreateOnceAsync(request, key: null, Token);
        if (request.Id is not null)
        {
            Assert.Equal((job, false), await app.Get<JobStore>().CreateOnceAsync(request, key: null, Token));
        }

        var progress = new JobProgress { StartedUtc = job.CreatedUtc };
        foreach (var page in await JobPagerTests.ListAllAsync(app, job))
        {
            progress = progress.Add(page);
            foreach (var batch in page.Split(job))
            {
                progress = progress.Add(await app.RunAsync(batch));
            }
        }

        var manifest = await app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, job.CreatedUtc), Token);
        Assert.Equal((JobState.Completed, 1L), (manifest.State, manifest.Discovered));
        var lines = (await app.Jobs.GetBlobClient(Assert.Single(manifest.Results)).DownloadContentAsync(Token)).Value.Content.ToString();
        Assert.Single(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task List_OfManyNames_KeepsTheFirstPlaceOfEach()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        string[] names = [.. Enumerable.Range(0, 20_000).Select(i => $"{i * 7 % 9_973:D5}.png")];

        var (list, _) = await app.Get<JobStore>().StoreListAsync(Encoding.UTF8.GetBytes(string.Join('\n', names)), Token);

        var content = (await app.Jobs.GetBlobClient(list.List).DownloadContentAsync(Token)).Value.Content.ToMemory();
        Assert.Equal(names.Distinct(), JobStore.ReadList(content));
        Assert.Equal((9_973, content.Length), (list.Names, list.Bytes));
    }

    [Fact]
    public async Task List_OfABlob_IsTheOneThatWasThereWhenTheJobWasAskedFor()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var blob = app.Jobs.GetBlobClient("_lists/mine.txt");
        await blob.UploadAsync(BinaryData.FromString("a.png\n\n\"b.png\"\nc.png"), Token);
        var store = app.Get<JobStore>();
        var request = new JobRequest { Id = "by-list", List = "_lists/mine.txt", PageSize = 2, Outputs = new TextList(["csv"]) };
        var (job, _) = await store.CreateOnceAsync(request, key: null, Token);
        Assert.Equal((job, false), await store.CreateOnceAsync(request, key: null, Token));
        await TakenAsync(request with { Outputs = new TextList(["csv", "coco"]) });
        await TakenAsync(request with { List = null });
        var pages = await JobPagerTests.ListAllAsync(app, job);
        Assert.Equal([2, 1], pages.Select(page => page.Count));

        await blob.UploadAsync(BinaryData.FromString("other.png\n"), overwrite: true, Token);

        await TakenAsync(request);
        var failure = await Assert.ThrowsAsync<PipelineException>(
            () => app.Get<JobPager>().ListAsync(new JobPageRequest(job with { JobId = "again" }, 0, null), Token));
        Assert.Contains("found it overwritten", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("_lists", (await store.ListAsync(10, null, Token)).Ids);

        async Task TakenAsync(JobRequest other) => Assert.Equal(
            PipelineErrorCodes.JobIdTaken,
            (await Assert.ThrowsAsync<PipelineException>(() => store.CreateOnceAsync(other, key: null, Token))).Code);
    }

    [Fact]
    public async Task List_OnlyRetryable_LeavesOutWhatTheSameBytesWouldFailAgain()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var gone = await app.UploadAsync("gone.png");
        var bad = await app.UploadAsync("bad.png", "no image"u8.ToArray());
        var mended = await app.UploadAsync("mended.png", "no image"u8.ToArray());
        await app.Images.GetBlobClient("gone.png").DeleteAsync(cancellationToken: Token);
        await app.RunAsync(gone, bad, mended);
        await app.UploadAsync("mended.png");
        await app.UploadAsync("gone.png");

        Assert.Equal(["bad.png", "gone.png", "mended.png"], await NamesAsync(new JobRequest { OnlyFailed = true }));
        Assert.Equal(["gone.png", "mended.png"], await NamesAsync(new JobRequest { OnlyFailed = true, OnlyRetryable = true }));
        Assert.Equal(["gone.png"], await NamesAsync(new JobRequest { OnlyFailed = true, FailureCodes = new TextList(["blob_not_found"]) }));
        Assert.Equal(
            ["gone.png"],
            await NamesAsync(new JobRequest { OnlyFailed = true, OnlyRetryable = true, Images = new TextList(["bad.png", "gone.png", "new.png"]) }));

        async Task<IEnumerable<string>> NamesAsync(JobRequest request)
        {
            var job = await JobPagerTests.CreateAsync(app, request);
            var page = Assert.Single(await JobPagerTests.ListAllAsync(app, job));
            return (await app.Get<BatchLists>().ReadAsync(Assert.Single(page.Split(job)), Token))!.Select(image => image.Name);
        }
    }
}
