using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Azure.Storage.Blobs.Models;
using Grpc.Core;
using Nanodet.Serverless.Functions.Tests.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Tests.Images;

public sealed class ImageIntakeTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Queue_EventsOfOneMessage_AreTakenWhateverStandsBesideThem()
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        await app.UploadAsync("folder", bytes: 0, isFolder: true);
        await app.UploadAsync("empty.png", bytes: 0);
        var body = $$"""
            [
              { "container": "{{app.Images.Name}}", "name": "a.png" },
              { "container": "{{app.Images.Name}}", "name": "n/../b.png" },
              { "container": "{{app.Images.Name}}", "name": "c\ud800.png" },
              { "container": "{{app.Images.Name}}", "name": "folder/", "etag": "0x1", "bytes": 0 },
              { "container": "{{app.Images.Name}}", "name": "folder", "etag": "0x1", "bytes": 0 },
              { "container": "{{app.Images.Name}}", "name": "folder" },
              { "container": "{{app.Images.Name}}", "name": "empty.png", "etag": "0x1", "bytes": 0 },
              { "container": "{{app.Images.Name}}", "name": "gone.png", "etag": "0x1", "bytes": 0 },
              { "container": "{{app.Images.Name}}", "name": "z.png" }
            ]
            """;

        await app.Intake.QueueAsync(Encoding.UTF8.GetBytes(body), deliveries: 1, client: null!, Token);

        Assert.Equal(["a.png", "empty.png", "gone.png", "z.png"], await app.QueuedAsync());
        var (problem, message) = Assert.Single(await app.DeadLettersAsync("PREFIX-event"));
        Assert.Contains("without the segments", problem, StringComparison.Ordinal);
        Assert.Equal(body, message);
    }

    /// <summary>How long events wait is seen like the waits in the other queues; one that does not say when it came about is left out.</summary>
    [Fact]
    public async Task Queue_EventWithATime_CountsItsWait()
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        var waits = new ConcurrentBag<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "nanodet.queue.wait")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, wait, tags, _) =>
        {
            // Other tests of this process measure, too: theirs is the wait of today.
            if (tags[0].Value as string == "events" && wait > TimeSpan.FromDays(1).TotalSeconds)
            {
                waits.Add(wait);
            }
        });
        listener.Start();
        var old = DateTimeOffset.Parse("2020-01-01T00:00:00Z", CultureInfo.InvariantCulture);
        var body = $$"""
            [
              { "container": "{{app.Images.Name}}", "name": "a.png", "time": "{{old:O}}" },
              { "container": "{{app.Images.Name}}", "name": "b.png" }
            ]
            """;

        await app.Intake.QueueAsync(Encoding.UTF8.GetBytes(body), deliveries: 1, client: null!, Token);

        Assert.InRange(TimeSpan.FromSeconds(Assert.Single(waits)), TimeSpan.FromDays(365), TimeSpan.FromDays(36500));
        Assert.Equal(["a.png", "b.png"], await app.QueuedAsync());
    }

    /// <summary>A call that takes too long looks like a cancellation, and nobody has cancelled anything.</summary>
    [Fact]
    public async Task Queue_EventThatIsNotTakenInTime_DoesNotKeepTheOthersWaiting()
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        await app.Checkpoints.UploadBlobAsync("slow.ckpt", BinaryData.FromString("weights"), Token);
        await using var client = new FakeDurableClient(StatusCode.OK, () => null)
        {
            StartFault = new TaskCanceledException("The operation was cancelled because it exceeded the configured timeout of 0:01:40."),
        };
        var body = $$"""
            [
              { "container": "{{app.Checkpoints.Name}}", "name": "slow.ckpt" },
              { "container": "{{app.Images.Name}}", "name": "z.png" }
            ]
            """;

        var failure = await Assert.ThrowsAsync<AggregateException>(() => app.Intake.QueueAsync(Encoding.UTF8.GetBytes(body), deliveries: 1, client, Token));

        Assert.Same(client.StartFault, Assert.Single(failure.InnerExceptions));
        Assert.Equal(["z.png"], await app.QueuedAsync());
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("{ \"schemaVersion\": 2, \"container\": \"images\", \"name\": \"a\" }")]
    [InlineData("AP+A/w==")]
    public async Task Queue_NoEvent_IsADeadLetterThatSaysWhy(string text)
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        await app.Intake.QueueAsync(Encoding.UTF8.GetBytes(text), deliveries: 1, client: null!, Token);
        var (problem, message) = Assert.Single(await app.DeadLettersAsync("PREFIX-event"));
        Assert.NotEmpty(problem!);
        Assert.Equal(text, message);
        Assert.Empty(await app.QueuedAsync());
    }

    [Theory]
    [InlineData("hello", false)]
    [InlineData("{ \"container\": \"CONTAINER\", \"name\": \"n/../a.png\" }", false)]
    [InlineData("{ \"container\": \"other\", \"name\": \"a.png\" }", false)]
    [InlineData("{ \"container\": \"CONTAINER\", \"name\": \"a.png\", \"jobId\": \"../x\" }", true)]
    [InlineData("{ \"schemaVersion\": 2, \"container\": \"CONTAINER\", \"name\": \"a.png\" }", false)]
    public async Task Group_NoImage_EndsAtOnce(string text, bool hasRecord)
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        text = text.Replace("CONTAINER", app.Images.Name, StringComparison.Ordinal);

        // As today's SDKs send it, and as older ones do.
        await app.Intake.GroupAsync(Encoding.UTF8.GetBytes(text), "1", deliveries: 1, client: null!, Token);
        await app.Intake.GroupAsync(
            Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(text))), "2", deliveries: 1, client: null!, Token);

        Assert.Equal([text, text], (await app.DeadLettersAsync("PREFIX-image")).Select(letter => letter.Message));
        Assert.Equal(hasRecord ? [$"{app.Images.Name}/a.png.json"] : [], await app.RecordsAsync());
    }

    [Fact]
    public async Task Group_EngineIsAway_IsPutBackAfterTheThirdTime()
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        var client = new FakeDurableClient(StatusCode.Unavailable, () => null) { StartFault = new RpcException(new Status(StatusCode.Unavailable, "away")) };
        var text = Encoding.UTF8.GetBytes($$"""{ "container": "{{app.Images.Name}}", "name": "a.png", "etag": "0x1", "bytes": 5 }""");

        await Assert.ThrowsAsync<RpcException>(() => app.Intake.GroupAsync(text, "1", deliveries: 2, client, Token));
        Assert.Equal(0, await app.CountQueuedAsync("image"));

        // It is hidden for a while, and no failure of the image.
        await app.Intake.GroupAsync(text, "1", deliveries: 3, client, Token);
        Assert.Equal(1, await app.CountQueuedAsync("image"));
        Assert.Empty(await app.QueuedAsync());
        Assert.Empty(await app.RecordsAsync());
    }

    /// <summary>What is put back can be read again, however its sender encoded it: the queue's client encodes it once more.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Queue_EngineIsAway_EventIsPutBackAndTakenLater(bool isEncoded)
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        await app.Checkpoints.UploadBlobAsync("later.ckpt", BinaryData.FromString("weights"), Token);
        await using var away = new FakeDurableClient(StatusCode.OK, () => null) { StartFault = new RpcException(new Status(StatusCode.Unavailable, "away")) };
        var text = Encoding.UTF8.GetBytes($$"""{ "container": "{{app.Checkpoints.Name}}", "name": "later.ckpt" }""");
        var body = isEncoded ? Encoding.UTF8.GetBytes(Convert.ToBase64String(text)) : text;

        await app.Intake.QueueAsync(body, deliveries: 3, away, Token);

        // As the host hands it over: the text that lies on the queue.
        var again = Encoding.UTF8.GetBytes(Assert.Single(app.SentTo("event")));
        Assert.Equal(text, MessageBody.Decode(again).ToArray());
        var failure = await Assert.ThrowsAsync<AggregateException>(() => app.Intake.QueueAsync(again, deliveries: 1, away, Token));
        Assert.IsType<RpcException>(Assert.Single(failure.InnerExceptions));
        Assert.Empty(await app.DeadLettersAsync("PREFIX-event"));
    }

    [Fact]
    public async Task Queue_UploadsThatAreFolders_AreLeftOut()
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        await app.UploadAsync("folder", bytes: 0, isFolder: true);
        await app.UploadAsync("folder2/", bytes: 0);
        await app.UploadAsync("a.png", bytes: 1);

        // As the trigger that polls hands them over, and as the timer that looks after it does.
        await foreach (var blob in app.Images.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix: null, Token))
        {
            await app.Intake.QueueAsync(app.Images.GetBlobClient(blob.Name), Token);
            await app.Intake.QueueListedAsync(app.Images.Name, blob, mayBeDone: true, Token);
        }

        Assert.Equal(["a.png"], await app.QueuedAsync());
    }

    [Theory]
    [InlineData(1, "new.png", "overwritten.png")]
    [InlineData(-1, "done.png", "new.png", "overwritten.png")]
    public async Task Queue_UploadsWithARecord_AreLeftOutWhereTheyAreOlderThanTheProcess(int processIsYoungerBy, params string[] expected)
    {
        await using var app = await IntakeApp.CreateAsync(fixture, TimeProvider.System.GetUtcNow().AddHours(processIsYoungerBy));
        foreach (var name in (string[])["done.png", "new.png", "overwritten.png"])
        {
            await app.UploadAsync(name, bytes: 1);
        }

        await app.RecordAsync("done.png", (await app.Images.GetBlobClient("done.png").GetPropertiesAsync(cancellationToken: Token)).Value.ETag);
        await app.RecordAsync("overwritten.png", new Azure.ETag("0x1"));

        foreach (var name in (string[])["done.png", "new.png", "overwritten.png"])
        {
            await app.Intake.QueueAsync(app.Images.GetBlobClient(name), Token);
        }

        Assert.Equal(expected, await app.QueuedAsync());
    }

    [Fact]
    public async Task QueueListed_NameThatLeadsElsewhere_IsLeftOut()
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        var blob = BlobsModelFactory.BlobItem("n/../a.png", deleted: false, BlobsModelFactory.BlobItemProperties(accessTierInferred: false));
        await app.Intake.QueueListedAsync(app.Images.Name, blob, mayBeDone: true, Token);
        await app.Intake.QueueListedAsync(app.Images.Name, blob, mayBeDone: false, Token);
        Assert.Empty(await app.QueuedAsync());
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("{ \"ContainerName\": \"images\" }")]
    [InlineData("{ \"ContainerName\": \"images\", \"BlobName\": \"n/../a\" }")]
    [InlineData("{ \"ContainerName\": \"images\", \"BlobName\": \"a\", \"ETag\": \"*\\\"\\r\\nX: y\" }")]
    [InlineData("{ \"ContainerName\": \"images\", \"BlobName\": \"\\ud800\" }")]
    public async Task QueuePoisoned_NoBlob_IsADeadLetter(string text)
    {
        await using var app = await IntakeApp.CreateAsync(fixture);
        await app.Intake.QueuePoisonedAsync(Encoding.UTF8.GetBytes(text), client: null!, Token);
        Assert.Equal(text, Assert.Single(await app.DeadLettersAsync("webjobs-blobtrigger-poison")).Message);
    }
}
