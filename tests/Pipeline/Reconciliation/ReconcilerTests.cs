using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Reconciliation;

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

        // Runs at 5, 20, 35 ... minutes: nothing ever gets a record.
        time.Advance(TimeSpan.FromMinutes(5));
        for (var minute = 5; minute <= 500; minute += 15)
        {
            if ((await app.Get<Reconciler>().RunAsync(previous, Token)).Queued > 0)
            {
                queued.Add(minute);
            }

            previous = time.GetUtcNow();
            time.Advance(TimeSpan.FromMinutes(15));
        }

        Assert.Equal([35, 65, 125, 245, 485], queued);
        Assert.Equal(5, (await ReceiveAsync(app)).DistinctBy(message => message.Stamp).Count());
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

    [Fact]
    public async Task FindLost_GivenUp_Ends()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        for (var i = 0; i < 40; i++)
        {
            await app.UploadAsync($"{i}.png", [1]);
        }

        await foreach (var image in app.Get<Reconciler>().FindLostAsync(Token))
        {
            Assert.Equal(app.Images.Name, image.Container);
            break;
        }
    }

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
