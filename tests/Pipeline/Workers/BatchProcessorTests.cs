using System.Text.Json;
using Azure.Storage.Blobs.Models;
using Json.Schema;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Serving;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

public sealed class BatchProcessorTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Process_Images_LeaveOneRecordEach()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var images = new List<ImageMessage>();
        for (var i = 0; i < 20; i++)
        {
            images.Add(await app.UploadAsync($"cam/{i:D4}.png"));
        }

        var counts = await app.RunAsync(images);

        Assert.Equal(new BatchCounts(20, 0, 0), counts);
        Assert.Equal(20, app.Model.Status.Images);
        var schema = JsonSchema.FromText(await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "schemas", "detection-result.v1.schema.json"), Token));
        foreach (var image in images)
        {
            var result = await app.ReadAsync(image.Name);
            Assert.Equal(DetectionStatus.Detected, result!.Status);
            Assert.Equal(image.Etag, result.Image.Etag);
            Assert.Equal(image.Bytes, result.Image.Bytes);
            Assert.NotEmpty(result.Detections!);
            Assert.Equal("v1", result.Model!.Version);
            using var json = JsonDocument.Parse(result.ToUtf8Json());
            Assert.True(schema.Evaluate(json.RootElement).IsValid);
        }

        var properties = (await app.Detections.GetBlobClient($"{app.Images.Name}/cam/0000.png.json")
            .GetPropertiesAsync(cancellationToken: Token)).Value;
        Assert.Equal("application/json", properties.ContentType);
        Assert.Matches("^[0-9a-f]{64}$", properties.Metadata["nanodetidentity"]);
        Assert.Empty(await TestApp.ListBlobsAsync(app.Staging));
    }

    [Theory]
    [InlineData("with space.png")]
    [InlineData("Grüße/日本/🙂.png")]
    [InlineData("a%20b%2Fc.png")]
    [InlineData("a+b=c&d;e,f.png")]
    [InlineData("a#b?c.png")]
    [InlineData("deep/er//still/x.png")]
    [InlineData("/leading.png")]
    [InlineData("quote'\"back`tick.png")]
    public async Task Process_SpecialName_IsDetected(string name)
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var counts = await app.RunAsync(await app.UploadAsync(name));

        Assert.Equal(new BatchCounts(1, 0, 0), counts);
        Assert.Equal([$"{app.Images.Name}/{name}.json"], (await TestApp.ListBlobsAsync(app.Detections)).Keys);
        Assert.Equal(name, (await app.ReadAsync(name))!.Image.Name);
    }

    [Fact]
    public async Task Process_LongestName_IsDetected()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var name = $"{new string('n', 1020)}.png";

        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(await app.UploadAsync(name)));
        Assert.Equal(name, (await app.ReadAsync(name))!.Image.Name);
        Assert.Equal(
            new BatchCounts(0, 0, 1),
            await app.RunAsync(new ImageMessage { Container = app.Images.Name, Name = name, Stamp = "again" }));
    }

    [Fact]
    public async Task Process_SameImageAgain_IsSkippedUnlessForced()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var image = await app.UploadAsync("a.png");
        await app.RunAsync(image);
        var before = await TestApp.ListBlobsAsync(app.Detections);

        Assert.Equal(new BatchCounts(0, 0, 1), await app.RunAsync(image with { Stamp = "second" }));
        Assert.Equal(new BatchCounts(0, 0, 1), await app.RunAsync(image with { Stamp = "third", Etag = null, Bytes = null }));
        Assert.Equal(1, app.Model.Status.Images);
        Assert.Equal(before, await TestApp.ListBlobsAsync(app.Detections));

        var forced = (await app.ListAsync(image with { Stamp = "fourth" })) with { Force = true };
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(forced));
        Assert.Equal(2, app.Model.Status.Images);
    }

    [Fact]
    public async Task Process_DuplicateOfAForcedBatch_ComputesOnlyWhatIsLost()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        ImageMessage[] images = [await app.UploadAsync("a.png"), await app.UploadAsync("b.png")];
        await app.RunAsync(images);

        // A page's list stays when the results are written, and so does this one.
        var forced = await app.ListAsync(images.Select(image => image with { Stamp = "forced" })) with { Force = true };
        await app.Staging.GetBlobClient("page.ndjson").UploadAsync(
            (await app.Staging.GetBlobClient(forced.Blob).DownloadContentAsync(Token)).Value.Content, Token);
        forced = forced with { Blob = "page.ndjson" };
        Assert.Equal(new BatchCounts(2, 0, 0), await app.RunAsync(forced));
        Assert.Equal(4, app.Model.Status.Images);
        var records = await TestApp.ListBlobsAsync(app.Detections);

        Assert.Equal(new BatchCounts(0, 0, 2), await app.RunAsync(forced));
        Assert.Equal(4, app.Model.Status.Images);
        Assert.Equal(records, await TestApp.ListBlobsAsync(app.Detections));

        await app.Detections.GetBlobClient($"{app.Images.Name}/a.png.json").DeleteAsync(cancellationToken: Token);
        Assert.Equal(new BatchCounts(1, 0, 1), await app.RunAsync(forced));
        Assert.NotNull(await app.ReadAsync("a.png"));
    }

    [Fact]
    public async Task Process_OtherOptionsOrOtherContent_AreComputed()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var image = await app.UploadAsync("a.png");
        await app.RunAsync(image);

        var options = new DetectionRequestOptions { ScoreThreshold = 0.9f };
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(image with { Options = options }));
        Assert.Equal(0.9f, (await app.ReadAsync("a.png"))!.Options!.ScoreThreshold);
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(await app.UploadAsync("a.png")));
    }

    [Fact]
    public async Task Process_ModelThatIsNotServed_Fails()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var image = await app.UploadAsync("a.png");
        foreach (var served in new[] { "test-plus", "v1", "test-plus/v1", TestModel.Sha256 })
        {
            var counts = await app.RunAsync(image with { Options = new DetectionRequestOptions { Model = served }, Stamp = served });
            Assert.Equal(0, counts.Failed);
        }

        // Detections that are there stay: the failure says nothing about the image.
        var other = new DetectionRequestOptions { Model = "other" };
        Assert.Equal(new BatchCounts(0, 1, 0), await app.RunAsync(image with { Options = other }));
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("a.png"))!.Status);

        Assert.Equal(new BatchCounts(0, 1, 0), await app.RunAsync(await app.UploadAsync("b.png") with { Options = other }));
        Assert.Equal(FailureCodes.ModelNotServed, (await app.ReadAsync("b.png"))!.Error!.Code);
    }

    [Fact]
    public async Task Process_SecondDelivery_ReturnsTheSameEventAndChangesNothing()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"), await app.UploadAsync("bad.png", [1, 2, 3]));
        var first = await app.ProcessAsync(batch);
        var staged = await TestApp.ListBlobsAsync(app.Staging);

        Assert.Equal(first, await app.ProcessAsync(batch));
        Assert.Equal(first, await app.Get<BatchStaging>().FindAsync(batch, Token));
        Assert.Equal(staged, await TestApp.ListBlobsAsync(app.Staging));
        Assert.Equal(1, app.Model.Status.Images);
        Assert.Equal(new BatchCounts(1, 1, 0), await app.WriteAsync(batch, first!));

        // Late deliveries of a batch that is written: the list is gone.
        Assert.Null(await app.ProcessAsync(batch));
        Assert.Null(await app.Get<BatchStaging>().FindAsync(batch, Token));
        Assert.Equal(1, app.Model.Status.Images);
    }

    [Fact]
    public async Task Process_TwoDeliveriesAtOnce_AgreeOnOneStagingBlob()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var images = new List<ImageMessage>();
        for (var i = 0; i < 8; i++)
        {
            images.Add(await app.UploadAsync($"{i}.png"));
        }

        var batch = await app.ListAsync(images);
        var events = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => app.ProcessAsync(batch)));

        Assert.All(events, detected => Assert.Equal(new BatchDetected(batch.BatchId, BatchNames.Staging(batch), 8, 0, 0), detected));
        Assert.Equal(new BatchCounts(8, 0, 0), await app.WriteAsync(batch, events[0]!));
    }

    [Fact]
    public async Task Process_SameImagesInConcurrentBatches_AreComputedOnce()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var images = new List<ImageMessage>();
        for (var i = 0; i < 12; i++)
        {
            images.Add(await app.UploadAsync($"{i}.png"));
        }

        var batches = new List<BatchReference>();
        for (var i = 0; i < 6; i++)
        {
            // Overlapping parts: no two batches are the same.
            batches.Add(await app.ListAsync(images.Skip(i).Take(7)));
        }

        var counts = await Task.WhenAll(batches.Select(app.RunAsync));

        Assert.Equal(12, app.Model.Status.Images);
        Assert.Equal(12, counts.Sum(count => count.Detected));
        Assert.Equal(30, counts.Sum(count => count.Skipped));
        Assert.Equal(12, (await TestApp.ListBlobsAsync(app.Detections)).Count);
    }

    [Fact]
    public async Task Process_ComputedButNotYetWritten_IsSkipped()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var image = await app.UploadAsync("a.png");
        var first = await app.ListAsync(image);
        var detected = await app.ProcessAsync(first);

        Assert.Equal(new BatchCounts(0, 0, 1), await app.RunAsync(image with { Stamp = "second" }));
        await app.WriteAsync(first, detected!);
        Assert.Equal(1, app.Model.Status.Images);

        // A record that somebody removed is made again, although the identity was computed a moment ago.
        await app.Detections.GetBlobClient($"{app.Images.Name}/a.png.json").DeleteAsync(cancellationToken: Token);
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(image with { Stamp = "third" }));
        Assert.NotNull(await app.ReadAsync("a.png"));
    }

    [Fact]
    public async Task Process_ImageTwiceInOneBatch_IsComputedOnce()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var image = await app.UploadAsync("a.png");

        Assert.Equal(new BatchCounts(1, 0, 1), await app.RunAsync(image, image with { Etag = null, Stamp = "x" }));
        Assert.Equal(1, app.Model.Status.Images);
    }

    [Fact]
    public async Task Process_BlobChangedSinceItWasQueued_FailsWithoutHidingTheNewResult()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var old = await app.UploadAsync("a.png");
        var present = await app.UploadAsync("a.png");

        Assert.Equal(new BatchCounts(0, 1, 0), await app.RunAsync(old));
        Assert.Equal(FailureCodes.BlobChanged, (await app.ReadAsync("a.png"))!.Error!.Code);

        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(present));
        Assert.Equal(new BatchCounts(0, 1, 0), await app.RunAsync(old with { Stamp = "late", Bytes = null }));
        Assert.Equal(present.Etag, (await app.ReadAsync("a.png"))!.Image.Etag);
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("a.png"))!.Status);
    }

    [Fact]
    public async Task Process_BlobGone_FailsAndSparesItsNeighbours()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var gone = await app.UploadAsync("gone.png");
        await app.Images.GetBlobClient("gone.png").DeleteAsync(cancellationToken: Token);
        var never = new ImageMessage { Container = app.Images.Name, Name = "never.png" };

        Assert.Equal(new BatchCounts(1, 2, 0), await app.RunAsync(gone, never, await app.UploadAsync("a.png")));
        Assert.Equal(FailureCodes.BlobNotFound, (await app.ReadAsync("gone.png"))!.Error!.Code);
        Assert.Equal(FailureCodes.BlobNotFound, (await app.ReadAsync("never.png"))!.Error!.Code);

        // A failure that says nothing about the content has no identity: the next request is no repetition.
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(await app.UploadAsync("gone.png")));
    }

    [Fact]
    public async Task Process_BlobInTheArchive_Fails()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var image = await app.UploadAsync("cold.png");
        await app.Images.GetBlobClient("cold.png").SetAccessTierAsync(AccessTier.Archive, cancellationToken: Token);

        await app.RunAsync(image with { Etag = null });
        Assert.Equal(FailureCodes.BlobArchived, (await app.ReadAsync("cold.png"))!.Error!.Code);

        // Detections from before it went to the archive stay.
        var seen = await app.UploadAsync("seen.png");
        await app.RunAsync(seen);
        await app.Images.GetBlobClient("seen.png").SetAccessTierAsync(AccessTier.Archive, cancellationToken: Token);
        var options = new DetectionRequestOptions { ScoreThreshold = 0.9f };
        Assert.Equal(new BatchCounts(0, 1, 0), await app.RunAsync(seen with { Options = options }));
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("seen.png"))!.Status);
    }

    [Fact]
    public async Task Process_LengthThatTheMessageHidesOrFeigns_IsFoundOut()
    {
        await using var app = await TestApp.CreateReadyAsync(
            fixture, new Dictionary<string, string?> { ["Nanodet:Detector:Limits:MaxBytes"] = "2048" });
        var images = new List<ImageMessage>
        {
            await app.UploadAsync("honest.png", new byte[5000]),
            await app.UploadAsync("silent.png", new byte[5000]) with { Bytes = null, Etag = null },
            await app.UploadAsync("liar.png", new byte[5000]) with { Bytes = 10 },
        };

        Assert.Equal(new BatchCounts(0, 3, 0), await app.RunAsync(images));
        foreach (var image in images)
        {
            Assert.Equal("image_too_large", (await app.ReadAsync(image.Name))!.Error!.Code);
        }
    }

    [Fact]
    public async Task Process_MoreBytesThanMayBeInMemory_ComesInParts()
    {
        await using var app = await TestApp.CreateReadyAsync(
            fixture, new Dictionary<string, string?> { ["Nanodet:Worker:MaxBytesInMemory"] = $"{1 << 20}" });
        var images = new List<ImageMessage>();
        for (var i = 0; i < 6; i++)
        {
            // Data behind a PNG's end marker is an error, but its bytes count.
            images.Add(await app.UploadAsync($"{i}.png", [.. TestModel.Image, .. new byte[600_000]]));
        }

        images.Add(await app.UploadAsync("small.png"));
        var counts = await app.RunAsync(images);
        Assert.Equal(7, counts.Sum());
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("small.png"))!.Status);
    }

    [Fact]
    public async Task Process_ModelNotReady_PutsTheBatchBackWithoutEffect()
    {
        await using var app = await TestApp.CreateAsync(
            fixture, new Dictionary<string, string?> { ["Nanodet:Worker:ReadyWait"] = "00:00:00" });
        var batch = await app.ListAsync(await app.UploadAsync("a.png"));

        Assert.Null(await app.ProcessAsync(batch));
        Assert.Equal([batch.Blob], (await TestApp.ListBlobsAsync(app.Staging)).Keys);

        await app.PublishAsync(TestModel.Bytes);
        await app.Model.StartAsync(Token);
        await app.UntilReadyAsync();
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(batch));
        Assert.Equal(WarmModelState.Ready, app.Model.Status.State);
    }

    [Fact]
    public async Task Process_NoSlotInTime_PutsTheBatchBackWithoutEffect()
    {
        await using var app = await TestApp.CreateAsync(fixture, new Dictionary<string, string?>
        {
            ["Nanodet:Worker:ConcurrentBatches"] = "1",
            ["Nanodet:Worker:SlotWait"] = "00:00:00",
            ["Nanodet:Worker:ReadyWait"] = "00:05:00",
        });
        var first = await app.ListAsync(await app.UploadAsync("a.png"));
        var second = await app.ListAsync(await app.UploadAsync("b.png"));

        // The first one has the only slot, and waits for a model.
        var waiting = app.ProcessAsync(first);
        Assert.Null(await app.ProcessAsync(second));
        Assert.False(waiting.IsCompleted);

        await app.PublishAsync(TestModel.Bytes);
        await app.Model.StartAsync(Token);
        Assert.Equal(1, (await waiting)!.Detected);
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(second));
    }

    [Fact]
    public async Task Write_ShortList_Throws()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"));

        var exception = await Assert.ThrowsAsync<Pipeline.PipelineException>(() => app.ProcessAsync(batch with { Count = 2 }));
        Assert.Equal(Pipeline.PipelineErrorCodes.IncompleteList, exception.Code);
    }

    [Fact]
    public async Task Process_BadLinesOfAList_AreFailuresAndSpareTheOthers()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"), await app.UploadAsync("b.png"));
        var list = app.Staging.GetBlobClient(batch.Blob);
        var lines = (await list.DownloadContentAsync(Token)).Value.Content.ToString();
        string[] bad =
        [
            "no json",
            "",
            """{ "name": "c.png" }""",
            $$"""{ "container": "{{app.Images.Name}}", "name": "n/../a.png" }""",
            $$"""{ "container": "{{app.Images.Name}}", "name": "n/\ud800.png" }""",
            $$"""{ "container": "{{app.Images.Name}}", "name": "{{new string('x', 1025)}}" }""",
            $$"""{ "container": "{{app.Images.Name}}", "name": "etag.png", "etag": "*\"\r\nX: y" }""",
        ];
        await list.UploadAsync(BinaryData.FromString(lines + string.Join('\n', bad) + "\n"), overwrite: true, Token);

        Assert.Equal(new BatchCounts(2, bad.Length, 0), await app.RunAsync(batch with { Count = 2 + bad.Length }));

        Assert.Equal(
            [$"{app.Images.Name}/a.png.json", $"{app.Images.Name}/b.png.json", $"{app.Images.Name}/etag.png.json"],
            (await TestApp.ListBlobsAsync(app.Detections)).Keys);
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("a.png"))!.Status);
        Assert.Equal(FailureCodes.MessageInvalid, (await app.ReadAsync("etag.png"))!.Error!.Code);
    }
}
