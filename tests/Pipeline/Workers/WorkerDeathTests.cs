using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Tests.Jobs;
using Nanodet.Serverless.Pipeline.Tests.Serving;
using Nanodet.Serverless.Pipeline.Workers;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

/// <summary>
/// Images at which the worker's process dies. Here the process lives on: at such an image the batch ends with a fault of the machine,
/// and then its mark is put back as a process leaves it that was killed at that moment.
/// </summary>
public sealed class WorkerDeathTests(AzuriteFixture fixture)
{
    /// <summary>A green rectangle: the model runs on it like on every other image.</summary>
    private static readonly byte[] Killer = TestImages.Rectangle(96, 64, new Rect(16, 16, 48, 32), new Bgr(0, 255, 0));

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

    /// <summary>What comes one by one is grouped anew when a process dies: two batches hold the killer, and both lost a process.</summary>
    [Fact]
    public async Task Process_KillerInTwoBatches_DeathsInBothCount()
    {
        var worker = await DyingWorker.CreateAsync(fixture);
        await using var app = worker.App;
        var images = await UploadAsync(app, 3, killers: [1]);
        var first = await app.ListAsync(images[0], images[1]);
        var second = await app.ListAsync(images[1] with { Stamp = "again" }, images[2]);
        foreach (var batch in (BatchReference[])[first, second])
        {
            Assert.Null(await worker.DeliverAsync(new BatchMessage { Batch = batch }));
            await worker.NoteDeathAsync(batch);
        }

        Assert.Equal(2, (await worker.ReceiveAsync()).Count);

        // Alone, each loses one; nobody has counted the first one's yet when the second comes to the image.
        Assert.Null(await worker.DeliverAsync(new BatchMessage { Batch = first }));
        Assert.Null(await worker.DeliverAsync(new BatchMessage { Batch = second }));
        Assert.Equal(4, worker.Deaths);

        Assert.Equal(new BatchCounts(1, 1, 0), await worker.RunAsync(first));
        Assert.Equal(new BatchCounts(1, 0, 1), await worker.RunAsync(second));
        Assert.Equal(5, worker.Deaths);
        Assert.Equal(FailureCodes.WorkerCrashed, (await app.ReadAsync("1.png"))!.Error!.Code);
        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging, "begun/"));
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
            images[i] = await app.UploadAsync($"{i}.png", killers.Contains(i) ? Killer : null);
        }

        return images;
    }

    private sealed class DyingWorker
    {
        private BinaryData? _left;
        private BatchReference? _batch;
        private bool _isDead;

        public TestApp App { get; private set; } = null!;

        /// <summary>Whether the killer kills.</summary>
        public bool IsDeadly { get; set; } = true;

        public int MostDeaths { get; set; } = int.MaxValue;

        public int Deaths { get; private set; }

        /// <summary>Runs with one image.</summary>
        public int RunsOfOne { get; private set; }

        /// <summary>Called at each run, before it.</summary>
        public Action? OnRun { get; set; }

        /// <summary>What the run waits for.</summary>
        public Func<Task>? MustEnd { get; set; }

        private QueueClient Batches => App.Clients.Queues.GetQueueClient($"{App.Prefix}-batches");

        public static async Task<DyingWorker> CreateAsync(AzuriteFixture fixture, params (string Key, string Value)[] settings)
        {
            var worker = new DyingWorker();
            var all = new Dictionary<string, string?> { ["Nanodet:Worker:DeadAfter"] = "00:00:01" };
            foreach (var (key, value) in settings)
            {
                all[key] = value;
            }

            worker.App = await TestApp.CreateReadyAsync(
                fixture, all, services => new RunFaults { Find = (_, images) => worker.FindFault(images) }.AddTo(services));
            return worker;
        }

        public BlobClient MarkOf(BatchReference batch) => App.Staging.GetBlobClient($"begun/{batch.BatchId}.json");

        /// <summary>One delivery; null when the process died, or the batch went back.</summary>
        public async Task<BatchDetected?> DeliverAsync(BatchMessage message, long deliveries = 1)
        {
            var deaths = Deaths;
            _isDead = false;
            _batch = message.Batch;
            var detected = await App.Get<BatchProcessor>().ProcessAsync(message, deliveries, Token);
            if (Deaths > deaths)
            {
                var mark = JsonNode.Parse(_left!)!;
                mark["process"] = "a process before";
                await MarkOf(message.Batch).UploadAsync(BinaryData.FromString(mark.ToJsonString()), overwrite: true, Token);
                await App.UntilReadyAsync();
            }

            return detected;
        }

        /// <summary>One delivery; at a killer the machine fails, and the process lives on.</summary>
        public Task<BatchDetected?> FailAsync(BatchReference batch)
        {
            _isDead = false;
            _batch = batch;
            return App.ProcessAsync(batch);
        }

        /// <summary>The delivery after a death: it goes back to the queue.</summary>
        public async Task NoteDeathAsync(BatchReference batch)
        {
            Assert.Null(await DeliverAsync(new BatchMessage { Batch = batch }, 2));
            var mark = JsonNode.Parse((await MarkOf(batch).DownloadContentAsync(Token)).Value.Content)!;
            Assert.Equal((false, true), ((bool)mark["isUnderWay"]!, (bool)mark["isAlone"]!));
        }

        /// <summary>Takes all messages of the queue.</summary>
        public async Task<IReadOnlyList<BatchMessage>> ReceiveAsync()
        {
            var found = (await Batches.ReceiveMessagesAsync(32, TimeSpan.FromMinutes(10), Token)).Value;
            return [.. found.Select(message => MessageReader.ReadBatch(message.Body.ToMemory()))];
        }

        /// <summary>The whole way, with a new process after each death, as the queue delivers it.</summary>
        public async Task<BatchCounts> RunAsync(BatchReference batch)
        {
            var message = new BatchMessage { Batch = batch };
            var deliveries = 1;
            while (true)
            {
                var deaths = Deaths;
                if (await DeliverAsync(message, deliveries) is { } detected)
                {
                    return await App.WriteAsync(batch, detected);
                }

                if (Deaths > deaths)
                {
                    // The host delivers the message of a process that died again.
                    deliveries++;
                    Assert.InRange(deliveries, 2, 4);
                }
                else
                {
                    message = Assert.Single(await ReceiveAsync());
                    deliveries = 1;
                }
            }
        }

        private DllNotFoundException? FindFault(IReadOnlyList<ReadOnlyMemory<byte>> images)
        {
            OnRun?.Invoke();
            MustEnd?.Invoke().Wait(Token);
            RunsOfOne += images.Count == 1 ? 1 : 0;
            if (!IsDeadly)
            {
                return null;
            }

            if (_isDead)
            {
                // Nothing runs in a dead process.
                return new DllNotFoundException("The process was killed.");
            }

            if (Deaths >= MostDeaths || !images.Any(image => image.Span.SequenceEqual(Killer)))
            {
                return null;
            }

            Deaths++;
            _isDead = true;
            _left = MarkOf(_batch!).DownloadContent(Token).Value.Content;
            return new DllNotFoundException("The process was killed.");
        }
    }
}
