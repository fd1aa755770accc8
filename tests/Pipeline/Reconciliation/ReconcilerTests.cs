using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Reconciliation;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Reconciliation;

public sealed class ReconcilerTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_LostImages_AreQueuedAgainAndNoOthers()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateReadyAsync(
            fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        var done = new List<ImageMessage>();
        for (var i = 0; i < 30; i++)
        {
            done.Add(await app.UploadAsync($"done/{i}.png", i % 5 == 0 ? [9] : null));
        }

        await app.RunAsync(done);
        await app.UploadAsync("done/3.png");
        for (var i = 0; i < 25; i++)
        {
            await app.UploadAsync($"lost/{i} ü.png");
        }

        string[] lost = [.. Enumerable.Range(0, 25).Select(i => $"lost/{i} ü.png").Append("done/3.png").Order(StringComparer.Ordinal)];
        var reconciler = app.Get<Reconciler>();

        // Still within the grace: everything may be on its way.
        Assert.Equal(new ReconcileReport(0, 0), await reconciler.RunAsync(Token));

        time.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal(new ReconcileReport(55, 26), await reconciler.RunAsync(Token));
        var messages = await ReceiveAsync(app);
        Assert.Equal(lost, messages.Select(message => message.Name).Order(StringComparer.Ordinal));

        // A second run is a new request, not a second delivery of the first one.
        time.Advance(TimeSpan.FromMinutes(1));
        await reconciler.RunAsync(Token);
        Assert.NotEqual(messages[0].Stamp, (await ReceiveAsync(app))[0].Stamp);

        await app.RunAsync(messages);
        Assert.Equal(new ReconcileReport(55, 0), await reconciler.RunAsync(Token));

        time.Advance(TimeSpan.FromDays(3));
        await app.Detections.GetBlobClient($"{app.Images.Name}/done/1.png.json").DeleteAsync(cancellationToken: Token);
        Assert.Equal(new ReconcileReport(0, 0), await reconciler.RunAsync(Token));
    }

    [Fact]
    public async Task Run_FoldersAndNamesThatLeadElsewhere_AreLeftOut()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        await app.UploadAsync("lost.png");
        await app.UploadAsync("folder2/", []);
        await app.UploadFolderAsync("folder");
        await app.UploadAsItStandsAsync("a/../b.png");
        time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(new ReconcileReport(1, 1), await app.Get<Reconciler>().RunAsync(Token));
        Assert.Equal("lost.png", Assert.Single(await ReceiveAsync(app)).Name);
    }

    [Fact]
    public async Task Run_Outage_QueuesAnImageWhenItsAgeHasDoubled()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        await app.UploadAsync("a.png");
        var queued = new List<int>();
        DateTimeOffset? previous = time.GetUtcNow();

        // Runs at 5, 20, 35 ... minutes: nothing ever gets a record, and the message is lost each time.
        time.Advance(TimeSpan.FromMinutes(5));
        var stamps = new HashSet<string?>();
        for (var minute = 5; minute <= 500; minute += 15)
        {
            if ((await app.Get<Reconciler>().RunAsync(previous, Token)).Queued > 0)
            {
                queued.Add(minute);
                stamps.UnionWith((await ReceiveAsync(app)).Select(message => message.Stamp));
            }

            previous = time.GetUtcNow();
            time.Advance(TimeSpan.FromMinutes(15));
        }

        Assert.Equal([35, 65, 125, 245, 485], queued);
        Assert.Equal(5, stamps.Count);
    }

    [Fact]
    public async Task Run_ImageWhoseMessageWaits_IsLeftAlone()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        await app.UploadAsync("a.png");
        await app.UploadAsync("b.png");
        time.Advance(TimeSpan.FromMinutes(31));

        // The first run finds an empty queue, and nobody takes what it puts there.
        Assert.Equal(new ReconcileReport(2, 2), await app.Get<Reconciler>().RunAsync(time.GetUtcNow() - TimeSpan.FromMinutes(31), Token));
        time.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal(new ReconcileReport(2, 0, Waiting: 2), await app.Get<Reconciler>().RunAsync(previousRun: null, Token));
        Assert.Equal(2, (await ReceiveAsync(app)).Count);

        // Taken and lost: it comes back when its age has doubled.
        time.Advance(TimeSpan.FromMinutes(65));
        Assert.Equal(new ReconcileReport(2, 2), await app.Get<Reconciler>().RunAsync(previousRun: null, Token));
    }

    [Fact]
    public async Task Run_MoreImagesThanItsLimit_GoesOnWhereItStopped()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        for (var i = 0; i < 10; i++)
        {
            await app.UploadAsync($"{i}.png", [1]);
        }

        time.Advance(TimeSpan.FromMinutes(31));
        var found = new List<string>();
        ReconcileReport report;
        var runs = 0;
        do
        {
            report = await Small(app, 2, new ReconcileOptions { MaxImages = 4 }).RunAsync(previousRun: null, Token);
            runs++;
            found.AddRange((await ReceiveAsync(app)).Select(message => message.Name));
        }
        while (!report.IsFinished);

        Assert.Equal(3, runs);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}.png"), found.Order(StringComparer.Ordinal));

        // The next sweep looks for what came due since this one began.
        Assert.Equal(new ReconcileReport(0, 0), await app.Get<Reconciler>().RunAsync(previousRun: null, Token));
    }

    [Fact]
    public async Task Run_TimeIsOver_EndsAndGoesOn()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow()) { AutoAdvanceAmount = TimeSpan.FromMinutes(3) };
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        for (var i = 0; i < 6; i++)
        {
            await app.UploadAsync($"{i}.png", [1]);
        }

        time.Advance(TimeSpan.FromMinutes(31));
        var reconciler = Small(app, 1);
        var found = new HashSet<string>();
        var runs = 0;
        ReconcileReport report;
        do
        {
            report = await reconciler.RunAsync(previousRun: null, Token);
            runs++;
            found.UnionWith((await ReceiveAsync(app)).Select(message => message.Name));
        }
        while (!report.IsFinished);

        Assert.InRange(runs, 2, 7);
        Assert.Equal(6, found.Count);
    }

    [Fact]
    public async Task Run_ProgressThatIsNotJson_BeginsAnew()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        await app.UploadAsync("a.png");
        await app.Clients.Blobs.GetBlobContainerClient($"{app.Prefix}-staging").GetBlobClient("reconcile/progress.json")
            .UploadAsync(BinaryData.FromString("{"), overwrite: true, Token);
        time.Advance(TimeSpan.FromMinutes(31));

        Assert.Equal(new ReconcileReport(1, 1), await app.Get<Reconciler>().RunAsync(previousRun: null, Token));
    }

    [Theory]
    [InlineData(29, 30, 0)]
    [InlineData(30, 30, 1)]
    [InlineData(59, 30, 1)]
    [InlineData(60, 30, 2)]
    [InlineData(240, 30, 4)]
    [InlineData(-1, 0, 0)]
    [InlineData(0, 0, 1)]
    [InlineData(4, 0, 3)]
    public void CountDue_Age_GrowsByDoubling(int age, int grace, int expected) =>
        Assert.Equal(expected, Reconciler.CountDue(TimeSpan.FromMinutes(age), TimeSpan.FromMinutes(grace)));

    [Theory]
    [InlineData(1, 30, 0)]
    [InlineData(2, 30, 30)]
    [InlineData(3, 30, 60)]
    [InlineData(4, 30, 120)]
    [InlineData(3, 0, 2)]
    public void LastQueued_Due_IsTheTimeBefore(int due, int grace, int expected) => Assert.Equal(
        DateTimeOffset.UnixEpoch + TimeSpan.FromMinutes(expected),
        Reconciler.LastQueued(DateTimeOffset.UnixEpoch, due, TimeSpan.FromMinutes(grace)));

    /// <summary>A reconciler of its own, as after a restart, with small pages.</summary>
    private static Reconciler Small(TestApp app, int pageSize, ReconcileOptions? options = null) => new(
        app.Clients,
        app.Get<MessageQueues>(),
        app.Get<ResultRecords>(),
        Options.Create(options ?? new ReconcileOptions()),
        app.Get<IOptions<StorageOptions>>(),
        app.Get<TimeProvider>(),
        NullLogger<Reconciler>.Instance)
    {
        PageSize = pageSize,
    };

    private static async Task<List<ImageMessage>> ReceiveAsync(TestApp app)
    {
        var queue = app.Clients.Queues.GetQueueClient($"{app.Prefix}-images");
        var messages = new List<ImageMessage>();
        while ((await queue.ReceiveMessagesAsync(32, cancellationToken: Token)).Value is { Length: > 0 } received)
        {
            foreach (var message in received)
            {
                messages.Add(MessageReader.ReadImage(message.Body.ToMemory()));
                await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Token);
            }
        }

        return messages;
    }
}
