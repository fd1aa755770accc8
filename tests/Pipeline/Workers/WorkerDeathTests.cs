using System.Text.Json.Nodes;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Tests.Jobs;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

/// <summary>Images at which the worker's process dies.</summary>
public sealed class WorkerDeathTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Process_KillerAmongImages_FailsAloneAndSparesItsNeighbours()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        var images = await UploadAsync(app, 8, killers: [5]);
        var batch = await app.ListAsync(images);

        Assert.Equal(new BatchCounts(7, 1, 0), await worker.RunAsync(batch));

        // Once in the batch, and three times alone.
        Assert.Equal(4, worker.Deaths);
        var record = await app.ReadAsync("5.png");
        Assert.Equal((FailureCodes.WorkerCrashed, images[5].Etag), (record!.Error!.Code, record.Image.Etag));
        Assert.Contains("3 times", record.Error.Message, StringComparison.Ordinal);
        Assert.Contains("includeCrashed", record.Error.Message, StringComparison.Ordinal);
        foreach (var image in images.Where(image => image.Name != "5.png"))
        {
            Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync(image.Name))!.Status);
        }

        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging));
        Assert.Empty(await worker.ReceiveAsync());

        // Asked for again, it is not touched; forced, it is.
        Assert.Equal(new BatchCounts(0, 0, 1), await worker.RunAsync(await app.ListAsync(images[5] with { Stamp = "again" })));
        Assert.Equal(4, worker.Deaths);
        worker.IsDeadly = false;
        Assert.Equal(
            new BatchCounts(1, 0, 0), await worker.RunAsync(await app.ListAsync(images[5] with { Stamp = "forced" }) with { Force = true }));
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("5.png"))!.Status);
    }

    [Fact]
    public async Task Process_TwoKillersInABatch_EachFailsAlone()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        var batch = await app.ListAsync(await UploadAsync(app, 4, killers: [0, 3]));

        Assert.Equal(new BatchCounts(2, 2, 0), await worker.RunAsync(batch));
        Assert.Equal(7, worker.Deaths);
        Assert.Equal(FailureCodes.WorkerCrashed, (await app.ReadAsync("0.png"))!.Error!.Code);
        Assert.Equal(FailureCodes.WorkerCrashed, (await app.ReadAsync("3.png"))!.Error!.Code);
    }

    /// <summary>
    /// What comes one by one is grouped anew when a process dies: many batches hold the killer. It costs no more processes than in one: the
    /// others are alone from their beginning, and nobody has counted the death in one yet when the next comes to the image.
    /// </summary>
    [Fact]
    public async Task Process_KillerInSixBatches_CostsNoMoreDeathsThanInOne()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        var images = await UploadAsync(app, 7, killers: [0]);
        var batches = new List<BatchReference>();
        for (var i = 1; i < images.Length; i++)
        {
            batches.Add(await app.ListAsync(images[0] with { Stamp = $"{i}" }, images[i]));
        }

        Assert.Null(await worker.DeliverAsync(new BatchMessage { Batch = batches[0] }));
        await worker.NoteDeathAsync(batches[0]);
        foreach (var batch in batches[1..4])
        {
            Assert.Null(await worker.DeliverAsync(new BatchMessage { Batch = batch }));
            var mark = await worker.ReadMarkAsync(batch);
            Assert.Equal((true, false), ((bool)mark["isAlone"]!, (bool)mark["isSuspect"]!));
        }

        Assert.Equal(4, worker.Deaths);
        Assert.Equal(new BatchCounts(1, 1, 0), await worker.RunAsync(batches[4]));
        Assert.Equal(4, worker.Deaths);
        Assert.Equal(FailureCodes.WorkerCrashed, (await app.ReadAsync("0.png"))!.Error!.Code);

        // Of the batch that died alone at the killer its neighbours are no suspects; all come to their end.
        Assert.Equal(new BatchCounts(1, 0, 1), await worker.RunAsync(batches[5]));
        await worker.ReceiveAsync();
        foreach (var batch in batches[..4])
        {
            Assert.Equal(new BatchCounts(1, 0, 1), await worker.RunAsync(batch));
        }

        Assert.Equal(4, worker.Deaths);
        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging));
    }

    /// <summary>Neighbours of a killer are alone until it is found, and then no more; what is detected already makes no batch wait.</summary>
    [Fact]
    public async Task Process_SharesAnImageWithABatchThatAProcessDiedOf_RunsAlone()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        var images = await UploadAsync(app, 4, killers: [1]);
        var dead = await app.ListAsync(images[0], images[1]);
        Assert.Null(await worker.DeliverAsync(new BatchMessage { Batch = dead }));
        await worker.NoteDeathAsync(dead);

        bool? isAlone = null;
        var sharing = await app.ListAsync(images[0] with { Stamp = "again" }, images[2]);
        worker.OnRun = () => isAlone = worker.IsAlone(sharing);
        Assert.Equal(new BatchCounts(2, 0, 0), await app.RunAsync(sharing));
        Assert.True(isAlone);

        var done = await app.ListAsync(images[0] with { Stamp = "once more" }, images[3]);
        worker.OnRun = () => isAlone = worker.IsAlone(done);
        Assert.Equal(new BatchCounts(1, 0, 1), await app.RunAsync(done));
        Assert.False(isAlone);
    }

    /// <summary>Of a batch that is alone for the sake of one image, the others run together: if one of them kills, all are suspects.</summary>
    [Fact]
    public async Task Process_KillerBesideASuspect_IsFoundAsWell()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        var images = await UploadAsync(app, 4, killers: [1, 3]);
        var dead = await app.ListAsync(images[0], images[1]);
        Assert.Null(await worker.DeliverAsync(new BatchMessage { Batch = dead }));
        await worker.NoteDeathAsync(dead);
        await worker.ReceiveAsync();

        var sharing = await app.ListAsync(images[0] with { Stamp = "again" }, images[2], images[3]);
        Assert.Equal(new BatchCounts(2, 1, 0), await worker.RunAsync(sharing));
        Assert.Equal(5, worker.Deaths);
        Assert.Equal(FailureCodes.WorkerCrashed, (await app.ReadAsync("3.png"))!.Error!.Code);
    }

    /// <summary>Where the dead process ran on this machine, nobody waits until its mark is old.</summary>
    [Fact]
    public async Task Process_DiedOnThisMachine_IsKnownAtOnce()
    {
        var worker = await DyingWorker.CreateAsync(fixture, ("Nanodet:Worker:DeadAfter", "00:10:00"));
        await using var app = worker.App;
        worker.LeavesTrace = true;
        var batch = await app.ListAsync(await UploadAsync(app, 3, killers: [1]));

        Assert.Equal(new BatchCounts(2, 1, 0), await worker.RunAsync(batch));
        Assert.Equal(4, worker.Deaths);
    }

    [Fact]
    public async Task Process_DeathThatDoesNotComeAgain_FailsNothing()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        worker.MostDeaths = 3;
        var batch = await app.ListAsync(await UploadAsync(app, 3, killers: [1]));

        Assert.Equal(new BatchCounts(3, 0, 0), await worker.RunAsync(batch));
        Assert.Equal(3, worker.Deaths);
    }

    [Fact]
    public async Task Process_BatchThatAProcessDiedOf_RunsAloneAndOthersWait()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        worker.MostDeaths = 1;
        var batch = await app.ListAsync(await UploadAsync(app, 2, killers: [1]));
        var death = await worker.DeliverAsync(new BatchMessage { Batch = batch });
        Assert.Null(death);
        await worker.NoteDeathAsync(batch);

        // While it runs one by one, another batch gets no turn.
        var other = await app.ListAsync(await app.UploadAsync("other.png"));
        Task<BatchDetected?>? waiting = null;
        worker.OnRun = () => waiting ??= app.ProcessAsync(other);
        var message = Assert.Single(await worker.ReceiveAsync());
        var detected = await worker.DeliverAsync(message);
        Assert.Equal((2, 0), (detected!.Detected, detected.Failed));
        Assert.Equal(1, (await waiting!)!.Detected);
        Assert.True(worker.RunsOfOne >= 2);
    }

    [Fact]
    public async Task Process_OnlyFailedJob_LeavesCrashedImagesOutUnlessAskedFor()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        await worker.RunAsync(await app.ListAsync(await UploadAsync(app, 2, killers: [1])));
        await app.RunAsync(await app.UploadAsync("bad.png", "no image"u8.ToArray()));

        var without = await JobPagerTests.CreateAsync(app, new JobRequest { OnlyFailed = true });
        Assert.Equal((1, 2), Counts(Assert.Single(await JobPagerTests.ListAllAsync(app, without))));
        var with = await JobPagerTests.CreateAsync(app, new JobRequest { OnlyFailed = true, IncludeCrashed = true });
        Assert.Equal((2, 1), Counts(Assert.Single(await JobPagerTests.ListAllAsync(app, with))));
        var refused = await Assert.ThrowsAsync<PipelineException>(
            () => JobPagerTests.CreateAsync(app, new JobRequest { IncludeCrashed = true }));
        Assert.StartsWith("includeCrashed: ", refused.Message, StringComparison.Ordinal);

        static (int Count, int Filtered) Counts(JobPage page) => (page.Count, page.Filtered);
    }

    [Fact]
    public async Task Process_MarkOfALivingProcess_LeavesTheBatchToIt()
    {
        var worker = await DyingWorker.CreateAsync(fixture, ("Nanodet:Worker:DeadAfter", "00:00:05"));
        await using var app = worker.App;
        worker.MostDeaths = 1;
        var batch = await app.ListAsync(await UploadAsync(app, 2, killers: [0]));
        Assert.Null(await worker.DeliverAsync(new BatchMessage { Batch = batch }));

        // The other process renews its mark while this one waits.
        var mark = worker.MarkOf(batch);
        await mark.UploadAsync((await mark.DownloadContentAsync(Token)).Value.Content, overwrite: true, Token);
        var delivery = app.ProcessAsync(batch);
        await Poll.UntilAsync(
            async () =>
            {
                await mark.UploadAsync((await mark.DownloadContentAsync(Token)).Value.Content, overwrite: true, Token);
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Token);
                return delivery.IsCompleted;
            },
            "the batch is left alone",
            Token);
        Assert.Null(await delivery);
        Assert.Empty(await worker.ReceiveAsync());
        Assert.True(await mark.ExistsAsync(Token));
    }

    /// <summary>A process can die when the batch is staged and its mark is not removed yet.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Process_StagedBatchComesAgain_ItsMarkIsRemoved(bool isWritten)
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        var batch = await app.ListAsync(await UploadAsync(app, 2, killers: []));
        var detected = await app.ProcessAsync(batch);
        if (isWritten)
        {
            await app.WriteAsync(batch, detected!);
        }

        await worker.MarkOf(batch).UploadAsync(
            BinaryData.FromString("""{"process":"a process before","isUnderWay":true}"""), Token);

        Assert.Equal(isWritten, await app.ProcessAsync(batch) is null);
        Assert.False(await worker.MarkOf(batch).ExistsAsync(Token));
    }

    [Fact]
    public async Task Process_FaultOfTheMachine_LeavesNoMarkAndCountsForNothing()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        var batch = await app.ListAsync(await UploadAsync(app, 2, killers: [0]));
        for (var i = 0; i < 4; i++)
        {
            Assert.Null(await worker.FailAsync(batch));
            Assert.False(await worker.MarkOf(batch).ExistsAsync(Token));
            await app.UntilReadyAsync();
        }

        worker.IsDeadly = false;
        Assert.Equal(new BatchCounts(2, 0, 0), await app.RunAsync(batch));
    }

    [Fact]
    public async Task Process_FaultOfTheMachineWhileAlone_KeepsWhatIsKnownAndCountsForNothing()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        var batch = await app.ListAsync(await UploadAsync(app, 2, killers: [0]));
        Assert.Null(await worker.DeliverAsync(new BatchMessage { Batch = batch }));
        await worker.NoteDeathAsync(batch);
        for (var i = 0; i < 3; i++)
        {
            // Ended in order, not killed.
            Assert.Null(await worker.FailAsync(batch));
            var mark = JsonNode.Parse((await worker.MarkOf(batch).DownloadContentAsync(Token)).Value.Content)!;
            Assert.Equal((false, true), ((bool)mark["isUnderWay"]!, (bool)mark["isAlone"]!));
            Assert.Empty(mark["deaths"]!.AsObject());
            await app.UntilReadyAsync();
        }

        worker.IsDeadly = false;
        Assert.Equal(new BatchCounts(2, 0, 0), await app.RunAsync(batch));
        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging, "begun/"));
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    public async Task Process_DeliveredOftenAndHasToWait_GoesBackAsANewMessage(long deliveries, int messages)
    {
        var worker = await DyingWorker.CreateAsync(
            fixture, ("Nanodet:Worker:ConcurrentBatches", "1"), ("Nanodet:Worker:SlotWait", "00:00:00"));
        await using var app = worker.App;
        var waiting = await app.ListAsync(await app.UploadAsync("waiting.png"));
        Task<BatchDetected?>? delivery = null;
        worker.OnRun = () => delivery ??= worker.DeliverAsync(new BatchMessage { Batch = waiting }, deliveries);
        worker.MustEnd = () => delivery!;
        Assert.NotNull(await app.ProcessAsync(await app.ListAsync(await app.UploadAsync("first.png"))));

        Assert.Null(await delivery!);
        Assert.Equal(messages, (await worker.ReceiveAsync()).Count);
    }

    private static async Task<ImageMessage[]> UploadAsync(TestApp app, int count, int[] killers)
    {
        var images = new ImageMessage[count];
        for (var i = 0; i < count; i++)
        {
            images[i] = await app.UploadAsync($"{i}.png", killers.Contains(i) ? DyingWorker.Killer : null);
        }

        return images;
    }
}
