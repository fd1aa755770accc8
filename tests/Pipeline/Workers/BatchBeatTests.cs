using Nanodet.Serverless.Pipeline.Tests.Storage;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

/// <summary>The mark of a batch, and its beats, while storage is away.</summary>
public sealed class BatchBeatTests(AzuriteFixture fixture)
{
    /// <summary>Tries of a client with one retry; it throws the failures of both together.</summary>
    private const int Tries = 2;

    /// <summary>How storage is away: without a connection, or without an answer in time.</summary>
    public static TheoryData<string> Outages => [nameof(HttpRequestException), nameof(TaskCanceledException)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A process whose mark could not be renewed once is alive, and says so with its next beat.</summary>
    [Theory]
    [MemberData(nameof(Outages))]
    public async Task Process_StorageAwayDuringABeat_TheNextBeatRenewsTheMark(string kind)
    {
        using var storage = new FaultyStorage();
        var worker = await DyingWorker.CreateAsync(fixture, storage);
        await using var app = worker.App;
        var batch = await app.ListAsync(await app.UploadAsync("a.png"));
        worker.MustEnd = async () =>
        {
            storage.Fail(HttpMethod.Put, $"/begun/{batch.BatchId}.json", () => Make(kind), Tries);
            await Poll.UntilAsync(() => storage.Faults == Tries, "a beat that fails", Token);
            var mark = worker.MarkOf(batch);
            var before = (await mark.GetPropertiesAsync(cancellationToken: Token)).Value.ETag;
            await Poll.UntilAsync(
                async () => (await mark.GetPropertiesAsync(cancellationToken: Token)).Value.ETag != before, "another beat", Token, seconds: 5);
        };

        Assert.Equal(1, (await app.ProcessAsync(batch))!.Detected);
        Assert.False(await worker.MarkOf(batch).ExistsAsync(Token));
    }

    /// <summary>A batch that is staged is done, whatever becomes of its mark.</summary>
    [Theory]
    [MemberData(nameof(Outages))]
    public async Task Process_StorageAwayWhenTheMarkGoes_TheBatchIsDone(string kind)
    {
        using var storage = new FaultyStorage();
        var worker = await DyingWorker.CreateAsync(fixture, storage);
        await using var app = worker.App;
        var batch = await app.ListAsync(await app.UploadAsync("a.png"));
        storage.Fail(HttpMethod.Delete, $"/begun/{batch.BatchId}.json", () => Make(kind), Tries);

        Assert.Equal(1, (await app.ProcessAsync(batch))!.Detected);
        Assert.Equal(Tries, storage.Faults);
        Assert.Equal(1, (await app.ProcessAsync(batch))!.Detected);
        Assert.False(await worker.MarkOf(batch).ExistsAsync(Token));
    }

    /// <summary>Storage has written the last beat, and nobody knows the mark's ETag.</summary>
    [Fact]
    public async Task Process_AnswerToTheLastBeatIsLost_TheMarkGoes()
    {
        using var storage = new FaultyStorage { Retries = 0 };
        var worker = await DyingWorker.CreateAsync(fixture, storage, ("Nanodet:Worker:DeadAfter", "00:00:06"));
        await using var app = worker.App;
        var batch = await app.ListAsync(await app.UploadAsync("a.png"));
        worker.MustEnd = async () =>
        {
            storage.LosesAnswers = true;
            storage.Fail(HttpMethod.Put, $"/begun/{batch.BatchId}.json", () => Make(nameof(HttpRequestException)));
            await Poll.UntilAsync(() => storage.Faults == 1, "a beat whose answer is lost", Token);
        };

        Assert.Equal(1, (await app.ProcessAsync(batch))!.Detected);
        Assert.False(await worker.MarkOf(batch).ExistsAsync(Token));
    }

    private static Exception Make(string kind) =>
        kind == nameof(TaskCanceledException) ? FaultyStorage.Timeout() : new HttpRequestException("The connection is reset.");
}
