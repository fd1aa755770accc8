using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Tests.Serving;
using Nanodet.Serverless.Pipeline.Tests.Storage;
using Nanodet.Serverless.Pipeline.Workers;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

/// <summary>
/// A worker whose process dies at an image. Here the process lives on: at such an image the batch ends with a fault of the machine,
/// and then its mark is put back as a process leaves it that was killed at that moment.
/// </summary>
internal sealed class DyingWorker
{
    /// <summary>A green rectangle: the model runs on it like on every other image.</summary>
    public static readonly byte[] Killer = TestImages.Rectangle(96, 64, new Rect(16, 16, 48, 32), new Bgr(0, 255, 0));

    private BinaryData? _left;
    private BatchReference? _batch;
    private bool _isDead;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

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

    public static Task<DyingWorker> CreateAsync(AzuriteFixture fixture, params (string Key, string Value)[] settings) =>
        CreateAsync(fixture, storage: null, settings);

    public static async Task<DyingWorker> CreateAsync(
        AzuriteFixture fixture, FaultyStorage? storage, params (string Key, string Value)[] settings)
    {
        var worker = new DyingWorker();
        var all = new Dictionary<string, string?> { ["Nanodet:Worker:DeadAfter"] = "00:00:01" };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        worker.App = await TestApp.CreateReadyAsync(fixture, all, services =>
        {
            new RunFaults { Find = (_, images) => worker.FindFault(images) }.AddTo(services);
            storage?.AddTo(services);
        });
        return worker;
    }

    /// <summary>Whether a process that died ran on this machine.</summary>
    public bool LeavesTrace { get; set; }

    public BlobClient MarkOf(BatchReference batch) => App.Staging.GetBlobClient($"begun/{batch.BatchId}.json");

    public async Task<JsonNode> ReadMarkAsync(BatchReference batch) =>
        JsonNode.Parse((await MarkOf(batch).DownloadContentAsync(Token)).Value.Content)!;

    public bool IsAlone(BatchReference batch) =>
        (bool)JsonNode.Parse(MarkOf(batch).DownloadContent(Token).Value.Content)!["isAlone"]!;

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
            mark["process"] = LeavesTrace ? ProcessTraceTests.LeaveDead() : "a process before";
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
        var mark = await ReadMarkAsync(batch);
        Assert.Equal((false, true, true), ((bool)mark["isUnderWay"]!, (bool)mark["isAlone"]!, (bool)mark["isSuspect"]!));
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
