using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Grouping;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Grouping;

public sealed class ImageGrouperTests(AzuriteFixture fixture)
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Add_FullGroup_StartsAtOnce()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var (grouper, started) = (Create(app, maxSize: 4), new List<BatchReference>());
        var waiting = Enumerable.Range(0, 4).Select(i => grouper.AddAsync(Image(app, i), Start(started), Token)).ToArray();
        await Task.WhenAll(waiting);

        var batch = Assert.Single(started);
        Assert.Equal(4, batch.Count);
        Assert.Equal(4, (await app.Get<BatchLists>().ReadAsync(batch, Token))!.Count);
    }

    [Fact]
    public async Task Add_PartialGroup_WaitsForTheDelay()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var (grouper, started) = (Create(app, maxSize: 16), new List<BatchReference>());
        var waiting = Enumerable.Range(0, 3).Select(i => grouper.AddAsync(Image(app, i), Start(started), Token)).ToArray();

        _time.Advance(TimeSpan.FromMilliseconds(249));
        Assert.All(waiting, task => Assert.False(task.IsCompleted));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Task.WhenAll(waiting);
        Assert.Equal(3, Assert.Single(started).Count);
    }

    [Fact]
    public async Task Add_OtherJobsAndOptions_AreGroupsOfTheirOwn()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var (grouper, started) = (Create(app, maxSize: 16), new List<BatchReference>());
        var options = new DetectionRequestOptions { MaxDetections = 5 };
        Task[] waiting =
        [
            grouper.AddAsync(Image(app, 0), Start(started), Token),
            grouper.AddAsync(Image(app, 1) with { Options = options }, Start(started), Token),
            grouper.AddAsync(Image(app, 2) with { Options = new DetectionRequestOptions { MaxDetections = 5 } }, Start(started), Token),
            grouper.AddAsync(Image(app, 3) with { JobId = "job" }, Start(started), Token),
        ];
        _time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(waiting);

        Assert.Equal(3, started.Count);
        Assert.Equal(2, Assert.Single(started, batch => batch.Options == options).Count);
        Assert.Single(started, batch => batch.JobId == "job");
    }

    [Fact]
    public async Task Add_StartFails_FailsEveryMessageOfTheGroup()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var grouper = Create(app, maxSize: 2);
        Task[] waiting =
        [
            grouper.AddAsync(Image(app, 0), (_, _) => throw new InvalidOperationException("no engine"), Token),
            grouper.AddAsync(Image(app, 1), (_, _) => Task.CompletedTask, Token),
        ];
        foreach (var task in waiting)
        {
            Assert.Equal("no engine", (await Assert.ThrowsAsync<InvalidOperationException>(() => task)).Message);
        }

        // The next group is not harmed.
        var started = new List<BatchReference>();
        await Task.WhenAll(grouper.AddAsync(Image(app, 2), Start(started), Token), grouper.AddAsync(Image(app, 3), Start(started), Token));
        Assert.Single(started);
    }

    [Fact]
    public async Task Add_FirstImageGivesUp_OthersGoOn()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var (grouper, started) = (Create(app, maxSize: 16), new List<BatchReference>());
        using var stop = new CancellationTokenSource();
        var first = grouper.AddAsync(Image(app, 0), Start(started), stop.Token);
        var second = grouper.AddAsync(Image(app, 1), Start(started), Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _time.Advance(TimeSpan.FromSeconds(1));
        await second;
        Assert.Equal(2, Assert.Single(started).Count);
    }

    [Fact]
    public async Task Stop_WaitingImages_LeaveAtOnce()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var (grouper, started) = (Create(app, maxSize: 16), new List<BatchReference>());
        var waiting = grouper.AddAsync(Image(app, 0), Start(started), Token);
        await grouper.StopAsync(Token);

        await waiting;
        Assert.Single(started);
        await grouper.AddAsync(Image(app, 1), Start(started), Token);
        Assert.Equal(2, started.Count);
    }

    [Fact]
    public async Task Add_ManyAtOnce_LosesNone()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var (grouper, started) = (Create(app, maxSize: 16), new List<BatchReference>());
        var waiting = Task.WhenAll(Enumerable.Range(0, 200)
            .Select(i => Task.Run(() => grouper.AddAsync(Image(app, i), Start(started), Token))));
        await Poll.UntilAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                return waiting.IsCompleted;
            },
            "all groups started",
            Token);
        await waiting;
        Assert.Equal(200, started.Sum(batch => batch.Count));
        Assert.All(started, batch => Assert.InRange(batch.Count, 1, 16));
    }

    private static ImageMessage Image(TestApp app, int i) => new() { Container = app.Images.Name, Name = $"{i}.png", Etag = "0x1" };

    private static Func<BatchReference, CancellationToken, Task> Start(List<BatchReference> started) => (batch, _) =>
    {
        lock (started)
        {
            started.Add(batch);
        }

        return Task.CompletedTask;
    };

    private ImageGrouper Create(TestApp app, int maxSize) => new(
        app.Get<BatchLists>(),
        Options.Create(new GroupingOptions { BatchSize = maxSize }),
        _time,
        NullLogger<ImageGrouper>.Instance);
}
