using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;

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
        new JobRequest { Options = new DetectionRequestOptions { IouThreshold = 2 } },
    ];

    [Fact]
    public async Task Create_EmptyRequest_TakesTheSettings()
    {
        await using var app = await TestApp.CreateAsync(
            fixture, new Dictionary<string, string?> { ["Nanodet:Jobs:PageSize"] = "77", ["Nanodet:Jobs:BatchSize"] = "7" });
        var store = app.Get<JobStore>();
        var job = await store.CreateAsync(await JobStore.ReadRequestAsync(Stream.Null, Token), null, Token);

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
        Assert.Equal(ids, await store.ListAsync(100, Token));
        Assert.Equal(ids[..2], await store.ListAsync(2, Token));
        Assert.Null(await store.FindAsync("unknown", Token));
    }

    [Fact]
    public async Task ReadRequest_TooLong_IsRefused()
    {
        using var body = new MemoryStream(new byte[70_000]);
        await Assert.ThrowsAsync<PipelineException>(() => JobStore.ReadRequestAsync(body, Token));
    }
}
