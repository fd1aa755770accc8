using System.Net;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Tests.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Jobs;

public sealed class JobPagerTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task List_TwelveHundredBlobs_ComeExactlyOnce()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var names = Enumerable.Range(0, 1200).Select(i => $"p/{i % 7}/{i:D4} +ü.png").ToArray();
        await Parallel.ForEachAsync(
            names.Append("other.png"),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token },
            async (name, token) => await app.Images.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(new byte[] { 1, 2, 3 }), token));
        var job = await CreateAsync(app, new JobRequest { Prefix = "p/", PageSize = 500, BatchSize = 64 });

        var pages = await ListAllAsync(app, job);

        Assert.Equal([500, 500, 200], pages.Select(page => page.Count));
        Assert.All(pages, page => Assert.Equal(0, page.Filtered));
        var images = new List<ImageMessage>();
        foreach (var batch in pages.SelectMany(page => page.Split(job)))
        {
            Assert.InRange(batch.Count, 1, 64);
            images.AddRange((await app.Get<BatchLists>().ReadAsync(batch, Token))!);
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), images.Select(image => image.Name));
        Assert.All(images, image => Assert.Equal((3L, true), (image.Bytes!.Value, image.Etag!.StartsWith("0x", StringComparison.Ordinal))));
        Assert.Equal(20, pages.Sum(page => page.Split(job).Count));
    }

    [Fact]
    public async Task List_PageThatWasListed_StaysAsItWas()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        for (var i = 0; i < 5; i++)
        {
            await app.UploadAsync($"{i}.png");
        }

        var job = await CreateAsync(app, new JobRequest { PageSize = 2 });
        var pages = await ListAllAsync(app, job);
        await app.UploadAsync("0a.png");
        await app.Images.GetBlobClient("1.png").DeleteAsync(cancellationToken: Token);

        Assert.Equal(pages, await ListAllAsync(app, job));
        Assert.Equal([2, 2, 1], pages.Select(page => page.Count));
    }

    [Theory]
    [InlineData("**/*.jpg", "a/x.jpg,a/b/y.jpg")]
    [InlineData("*.jpg", "a/x.jpg")]
    [InlineData("b/**", "a/b/y.jpg,a/b/z.png")]
    [InlineData("**/z.*", "a/b/z.png")]
    [InlineData("nothing", "")]
    [InlineData("**/*.{jpg,JPG}", "a/x.JPG,a/x.jpg,a/b/y.jpg")]
    [InlineData("{b/,}*.{jpg,png}", "a/x.jpg,a/b/y.jpg,a/b/z.png")]
    public async Task List_Filter_LeavesTheOthersOut(string filter, string expected)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        foreach (var name in new[] { "a/x.jpg", "a/x.JPG", "a/b/y.jpg", "a/b/z.png", "c/x.jpg" })
        {
            await app.UploadAsync(name);
        }

        var job = await CreateAsync(app, new JobRequest { Prefix = "a/", Filter = filter });
        var page = Assert.Single(await ListAllAsync(app, job));
        var names = expected.Split(',', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((names.Length, 4 - names.Length), (page.Count, page.Filtered));
        if (page.Count > 0)
        {
            var images = await app.Get<BatchLists>().ReadAsync(Assert.Single(page.Split(job)), Token);
            Assert.Equal(names.Order(StringComparer.Ordinal), images!.Select(image => image.Name));
        }
    }

    [Fact]
    public async Task List_NoBlobs_IsOneEmptyPage()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var job = await CreateAsync(app, new JobRequest());
        var page = Assert.Single(await ListAllAsync(app, job));
        Assert.Equal((0, 0), (page.Count, page.Filtered));
        Assert.Empty(page.Split(job));
    }

    [Fact]
    public async Task List_OnlyFailed_TakesFailedRecordsAndDetectsThemAgain()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.RunAsync(await app.UploadAsync("good.png"), await app.UploadAsync("bad.png", "no image"u8.ToArray()));
        await app.UploadAsync("new.png");
        var job = await CreateAsync(app, new JobRequest { OnlyFailed = true });
        var page = Assert.Single(await ListAllAsync(app, job));
        Assert.Equal((1, 2), (page.Count, page.Filtered));

        var batch = Assert.Single(page.Split(job));
        Assert.True(batch.Force);
        Assert.Equal(new BatchCounts(0, 1, 0), await app.RunAsync(batch));
        Assert.Equal(job.JobId, (await app.ReadAsync("bad.png"))!.JobId);
        Assert.Equal(DetectionStatus.Failed, (await app.ReadAsync("bad.png"))!.Status);
    }

    [Fact]
    public async Task Run_NamesThatLeadElsewhere_FailAloneAndSpareTheOthers()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        string[] good = [.. Enumerable.Range(0, 12).Select(i => $"n/{i:D2}.png"), "n/b.png"];
        foreach (var name in good)
        {
            await app.UploadAsync(name);
        }

        await app.UploadAsItStandsAsync("n/./dot.png");
        await app.UploadAsItStandsAsync("n/a/../b.png");
        await app.UploadAsItStandsAsync("n/" + new string('x', 1030) + ".png");
        var job = await CreateAsync(app, new JobRequest { Prefix = "n/", BatchSize = 4 });
        var page = Assert.Single(await ListAllAsync(app, job));
        Assert.Equal((good.Length + 3, 0), (page.Count, page.Filtered));

        var counts = BatchCounts.None;
        foreach (var batch in page.Split(job))
        {
            counts = counts.Add(await app.RunAsync(batch));
        }

        Assert.Equal(new BatchCounts(good.Length, 3, 0), counts);
        Assert.Equal(
            good.Select(name => $"{app.Images.Name}/{name}.json").Order(StringComparer.Ordinal),
            (await TestApp.ListBlobsAsync(app.Detections)).Keys);
        var manifest = await app.Get<ManifestWriter>().WriteAsync(
            new JobEnd(job, new JobProgress { StartedUtc = job.CreatedUtc }.Add(page).Add(counts), JobState.Completed, job.CreatedUtc), Token);
        Assert.Equal((JobState.Completed, 3L), (manifest.State, manifest.Failed));
        var results = (await app.Jobs.GetBlobClient(Assert.Single(manifest.Results)).DownloadContentAsync(Token)).Value.Content.ToString();
        var failures = results.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => MessageReader.Read(System.Text.Encoding.UTF8.GetBytes(line), ResultJson.Default.DetectionResult))
            .Where(result => result.Error is not null)
            .ToArray();
        Assert.Equal([FailureCodes.NameUnusable], failures.Select(result => result.Error!.Code).Distinct());
        Assert.Contains("n/a/../b.png", failures.Select(result => result.Image.Name));

        // None of them has a record that could say failed.
        var again = await CreateAsync(app, new JobRequest { Prefix = "n/", OnlyFailed = true });
        Assert.Equal(0, Assert.Single(await ListAllAsync(app, again)).Count);
    }

    [Fact]
    public async Task List_FolderMarkers_AreFilteredAndNotFailed()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await app.UploadAsync("s/a.png");
        await app.UploadAsync("s/empty.png", []);
        await app.UploadAsync("s/folder2/", []);
        await app.UploadAsync("s/full/", [1]);
        await app.UploadFolderAsync("s/folder");
        var page = Assert.Single(await ListAllAsync(app, await CreateAsync(app, new JobRequest { Prefix = "s/" })));
        Assert.Equal((3, 2), (page.Count, page.Filtered));

        // What a tool lists has them, too. A blob with content is an image, whatever its name, and one that is not there a failure.
        var list = new JobRequest { Images = new TextList(["s/a.png", "s/folder2/", "s/full/", "s/gone/", "s/empty.png"]) };
        page = Assert.Single(await ListAllAsync(app, await CreateAsync(app, list)));
        Assert.Equal((4, 1), (page.Count, page.Filtered));
    }

    /// <summary>A name that storage says nothing of is the worker's: it ends alone there, and takes no page along here.</summary>
    [Theory]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.Conflict)]
    public async Task List_NameOfAListThatStorageRefuses_StaysAndKeepsNoOtherWaiting(HttpStatusCode status)
    {
        using var storage = new RefusingStorage
        {
            Refuse = request => request.Method == HttpMethod.Head && request.RequestUri!.AbsolutePath.EndsWith("/held/", StringComparison.Ordinal)
                ? (status, "Refused")
                : null,
        };
        await using var app = await TestApp.CreateAsync(fixture, replace: storage.AddTo);
        await app.UploadAsync("s/folder/", []);

        var list = new JobRequest { Images = new TextList(["s/a.png", "s/held/", "s/folder/"]) };
        var page = Assert.Single(await ListAllAsync(app, await CreateAsync(app, list)));

        Assert.Equal((2, 1), (page.Count, page.Filtered));
    }

    internal static Task<JobDefinition> CreateAsync(TestApp app, JobRequest request) => app.Get<JobStore>().CreateAsync(request, null, Token);

    internal static async Task<List<JobPage>> ListAllAsync(TestApp app, JobDefinition job)
    {
        var pages = new List<JobPage>();
        string? next = null;
        do
        {
            pages.Add(await app.Get<JobPager>().ListAsync(new JobPageRequest(job, pages.Count, next), Token));
            next = pages[^1].NextToken;
        }
        while (next is not null);
        return pages;
    }
}
