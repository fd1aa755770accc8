using System.Collections.Concurrent;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Pipeline.Uploads;

namespace Nanodet.Serverless.Pipeline.Tests.Uploads;

public sealed class UploadSweepTests(AzuriteFixture fixture)
{
    private readonly ConcurrentQueue<(string Name, bool IsOld)> _found = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_UploadsBeforeBetweenAndAfter_AreFoundWhileTheyAreRecent()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        await app.UploadAsync("before.png");

        // The process begins: what is there may have been handed on before.
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal([("before.png", true)], await RunAsync(app));

        // Its clock is 30 s ahead of the account's: an upload is found all the same, again and again until it is no longer recent.
        await app.UploadAsync("between.png");
        Assert.Contains("between.png", (await RunAsync(app)).Select(upload => upload.Name));
        Assert.Contains("between.png", (await RunAsync(app)).Select(upload => upload.Name));

        time.Advance(TimeSpan.FromMinutes(2));
        await RunAsync(app);
        Assert.Empty(await RunAsync(app));
    }

    /// <summary>
    /// A killed process may have been in the middle of a sweep that took minutes, and the next one may take its time to start. What is older
    /// than the reconciliation's grace is the reconciliation's.
    /// </summary>
    [Theory]
    [InlineData(29, true)]
    [InlineData(32, false)]
    public async Task Run_FirstOfAProcess_LooksBackToWhereTheReconciliationBegins(int minutes, bool isFound)
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        await app.UploadAsync("before.png");
        time.Advance(TimeSpan.FromMinutes(minutes));

        Assert.Equal(isFound, (await RunAsync(app)).Contains(("before.png", true)));
    }

    [Fact]
    public async Task Run_UploadOfThisProcess_IsNotOld()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(30));
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));

        Assert.Empty(await RunAsync(app));
        await app.UploadAsync("a.png");
        Assert.Equal([("a.png", false)], await RunAsync(app));
    }

    [Fact]
    public async Task Run_WhoeverTakesThemFails_FindsThemAgain()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.CreateAsync(fixture, replace: services => services.AddSingleton<TimeProvider>(time));
        await RunAsync(app);
        await app.UploadAsync("a.png");

        // However long it fails.
        for (var minute = 0; minute < 5; minute++)
        {
            await Assert.ThrowsAsync<IOException>(
                () => app.Get<UploadSweep>().RunAsync(app.Images.Name, (_, _, _) => throw new IOException(), Token));
            time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(["a.png"], (await RunAsync(app)).Select(upload => upload.Name));
    }

    [Fact]
    public async Task Run_NoContainer_FindsNothing()
    {
        await using var app = await TestApp.CreateAsync(fixture);

        await app.Get<UploadSweep>().RunAsync("nowhere", (_, _, _) => throw new IOException(), Token);
    }

    private async Task<IReadOnlyList<(string Name, bool IsOld)>> RunAsync(TestApp app)
    {
        _found.Clear();
        await app.Get<UploadSweep>().RunAsync(app.Images.Name, FoundAsync, Token);
        return [.. _found.OrderBy(upload => upload.Name, StringComparer.Ordinal)];
    }

    private Task FoundAsync(BlobItem blob, bool isOld, CancellationToken cancellationToken)
    {
        _found.Enqueue((blob.Name, isOld));
        return Task.CompletedTask;
    }
}
