using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Pipeline.Announcing;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Jobs;

public sealed class JobStoreTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<JobRequest> Refused =>
    [
        new JobRequest { Container = "detections" },
        new JobRequest { PageSize = 0 },
        new JobRequest { PageSize = 5001 },
        new JobRequest { PagesInFlight = 65 },
        new JobRequest { BatchSize = 0 },
        new JobRequest { Force = true, OnlyFailed = true },
        new JobRequest { Prefix = new string('p', 1025) },
        new JobRequest { Prefix = "a\0b" },
        new JobRequest { Prefix = "a\nb" },
        new JobRequest { Prefix = "a\ud800" },
        new JobRequest { Filter = "a\u0001*" },
        new JobRequest { Filter = "**/*.{jpg" },
        new JobRequest { Filter = "**/*.jpg}" },
        new JobRequest { Filter = "**/*.{jpg}" },
        new JobRequest { Filter = "**/*.{jpg,{png,gif}}" },
        new JobRequest { Filter = string.Concat(Enumerable.Repeat("{a,b}", 200)) },
        new JobRequest { Filter = "img?.jpg" },
        new JobRequest { Filter = "[0-9].jpg" },
        new JobRequest { Filter = "!*.png" },
        new JobRequest { Options = new DetectionRequestOptions { IouThreshold = 2 } },
        new JobRequest { OnlyRetryable = true },
        new JobRequest { FailureCodes = new TextList(["poison"]) },
        new JobRequest { OnlyFailed = true, FailureCodes = new TextList(["poisen"]) },
        new JobRequest { OnlyFailed = true, OnlyRetryable = true, FailureCodes = new TextList(["image_truncated"]) },
        new JobRequest { OnlyFailed = true, FailureCodes = new TextList(["worker_crashed"]) },
        new JobRequest { Images = new TextList([]) },
        new JobRequest { Images = new TextList(["a"]), List = "_lists/a" },
        new JobRequest { Images = new TextList(["a"]), Prefix = "a" },
        new JobRequest { List = "lists/a" },
        new JobRequest { List = "_lists/nobody" },
        new JobRequest { Outputs = new TextList(["csv", "xls"]) },
    ];

    [Fact]
    public async Task Create_EmptyRequest_TakesTheSettings()
    {
        await using var app = await TestApp.CreateAsync(
            fixture, new Dictionary<string, string?> { ["Nanodet:Jobs:PageSize"] = "77", ["Nanodet:Jobs:BatchSize"] = "7" });
        var store = app.Get<JobStore>();
        var job = await store.CreateAsync(new JobRequest(), null, Token);

        Assert.True(JobStore.IsJobId(job.JobId));
        Assert.Equal(ErrorThreshold.Never, job.ErrorThreshold);
        Assert.Equal((app.Images.Name, string.Empty, 77, 4, 7), (job.Container, job.Prefix, job.PageSize, job.PagesInFlight, job.BatchSize));
        Assert.Equal(job, await store.FindAsync(job.JobId, Token));
        Assert.Null(await store.FindManifestAsync(job.JobId, Token));
        Assert.Equal([$"{job.JobId}/request.json"], (await TestApp.ListBlobsAsync(app.Jobs)).Keys);
    }

    [Fact]
    public async Task Create_SameIdAgain_KeepsTheFirstRequest()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var store = app.Get<JobStore>();
        var first = await store.CreateAsync(new JobRequest { Prefix = "a/" }, "nightly-20260131", Token);
        Assert.Equal(first, await store.CreateAsync(new JobRequest { Prefix = "b/" }, "nightly-20260131", Token));
    }

    [Fact]
    public async Task CreateOnce_SameRequestAgain_IsOneJob()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var store = app.Get<JobStore>();
        var named = new JobRequest { Id = "mine-1", Prefix = "a/", PageSize = 7 };
        var (first, isNew) = await store.CreateOnceAsync(named, key: null, Token);
        Assert.Equal(("mine-1", true), (first.JobId, isNew));
        Assert.Equal((first, false), await store.CreateOnceAsync(named, key: null, Token));
        Assert.Equal(PipelineErrorCodes.JobIdTaken, await CodeAsync(named with { Prefix = "b/" }, null));
        Assert.Equal(PipelineErrorCodes.JobIdTaken, await CodeAsync(named with { PageSize = 8 }, null));

        const string key = "8e03978e-40d5/+=!";
        var keyed = new JobRequest { Prefix = "a/" };
        (first, isNew) = await store.CreateOnceAsync(keyed, key, Token);
        Assert.True(isNew);
        Assert.Equal((first, false), await store.CreateOnceAsync(keyed, key, Token));
        Assert.Equal(PipelineErrorCodes.KeyReused, await CodeAsync(keyed with { Force = true }, key));
        Assert.Equal(PipelineErrorCodes.InvalidRequest, await CodeAsync(named, key));
        Assert.NotEqual(first.JobId, (await store.CreateOnceAsync(keyed, "another", Token)).Job.JobId);
        Assert.NotEqual(first.JobId, (await store.CreateOnceAsync(keyed, key: null, Token)).Job.JobId);
        Assert.Equal(4, (await store.ListAsync(100, null, Token)).Ids.Count);

        async Task<string> CodeAsync(JobRequest request, string? its) =>
            (await Assert.ThrowsAsync<PipelineException>(() => store.CreateOnceAsync(request, its, Token))).Code;
    }

    [Fact]
    public async Task CreateOnce_SameRequestTwiceAtATime_IsOneJob()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var store = app.Get<JobStore>();
        var jobs = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => store.CreateOnceAsync(new JobRequest { Prefix = "a/" }, "key", Token)));
        Assert.Single(jobs.Select(job => job.Job).Distinct());
        Assert.Single(jobs, job => job.IsNew);
    }

    [Fact]
    public async Task CreateOnce_RefusedRequest_LeavesItsKeyFree()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var store = app.Get<JobStore>();
        await Assert.ThrowsAsync<PipelineException>(() => store.CreateOnceAsync(new JobRequest { PageSize = 0 }, "key", Token));
        Assert.True((await store.CreateOnceAsync(new JobRequest { PageSize = 1 }, "key", Token)).IsNew);
    }

    [Fact]
    public async Task CreateOnce_SettingsChangedSince_IsTheSameRequest()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var (job, _) = await app.Get<JobStore>().CreateOnceAsync(new JobRequest { Id = "mine", Prefix = "a/" }, key: null, Token);
        var later = new JobStore(
            app.Clients,
            Options.Create(new JobOptions { PageSize = 5 }),
            app.Get<IOptions<StorageOptions>>(),
            app.Get<IOptions<JobEndOptions>>(),
            TimeProvider.System);
        Assert.Equal((job, false), await later.CreateOnceAsync(new JobRequest { Id = "mine", Prefix = "a/" }, key: null, Token));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("../x", null)]
    [InlineData("a\n", null)]
    [InlineData(null, "")]
    [InlineData(null, "a b")]
    [InlineData(null, "ü")]
    public async Task CreateOnce_IdOrKeyThatIsNone_IsRefused(string? id, string? key)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await Assert.ThrowsAsync<PipelineException>(
            () => app.Get<JobStore>().CreateOnceAsync(new JobRequest { Id = id, Prefix = "a/" }, key, Token));
        Assert.Empty(await TestApp.ListBlobsAsync(app.Jobs));
    }

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public async Task Create_OutOfRange_IsRefused(JobRequest request)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var exception = await Assert.ThrowsAsync<PipelineException>(() => app.Get<JobStore>().CreateAsync(request, null, Token));
        Assert.Equal(PipelineErrorCodes.InvalidRequest, exception.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("-a")]
    [InlineData("ü")]
    public async Task Find_NoJobId_IsRefused(string jobId)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var exception = await Assert.ThrowsAsync<PipelineException>(() => app.Get<JobStore>().FindAsync(jobId, Token));
        Assert.Equal(PipelineErrorCodes.InvalidJobId, exception.Code);
    }

    [Fact]
    public async Task List_Jobs_ComeLatestFirst()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        var store = app.Get<JobStore>();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            ids.Add((await store.CreateAsync(new JobRequest(), null, Token)).JobId);
        }

        ids.Reverse();
        await IsPageAsync(ids, null, 100, null);
        await IsPageAsync(ids, null, 5, null);
        await IsPageAsync(ids[..2], ids[1], 2, null);
        await IsPageAsync(ids[2..4], ids[3], 2, ids[1]);
        await IsPageAsync(ids[4..], null, 2, ids[3]);
        await IsPageAsync([], null, 2, ids[4]);

        // Ids of the caller's choice: storage has folders in order, so "nightly-2/" is before "nightly/".
        string[] named = ["other", "nightly", "nightly-3", "nightly-2"];
        foreach (var id in named)
        {
            await store.CreateOnceAsync(new JobRequest { Id = id, Prefix = "a/" }, key: null, Token);
        }

        await IsPageAsync(named[..2], named[1], 2, null);
        await IsPageAsync(named[2..], named[3], 2, named[1]);
        await IsPageAsync(ids[..1], ids[0], 1, named[3]);
        var exception = await Assert.ThrowsAsync<PipelineException>(() => store.ListAsync(2, "a/b", Token));
        Assert.Equal(PipelineErrorCodes.InvalidRequest, exception.Code);
        Assert.Null(await store.FindAsync("unknown", Token));

        async Task IsPageAsync(IEnumerable<string> expected, string? continues, int limit, string? continuation)
        {
            var page = await store.ListAsync(limit, continuation, Token);
            Assert.Equal(expected, page.Ids);
            Assert.Equal(continues, page.Continuation);
        }
    }

    [Fact]
    public void ReadRequest_TooLong_IsRefused() =>
        Assert.Throws<PipelineException>(() => JobStore.ReadRequest(new byte[JobStore.MaxRequestBytes + 1]));
}
