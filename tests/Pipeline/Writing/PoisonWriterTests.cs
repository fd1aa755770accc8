using System.Text;
using System.Text.Json;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Pipeline.Tests.Writing;

public sealed class PoisonWriterTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WriteImage_NoRecord_LeavesAFailureAndADeadLetter(bool knowsEtag)
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var image = await app.UploadAsync("a.png");
        var message = Json(knowsEtag ? image : image with { Etag = null, Bytes = null });
        await app.Get<PoisonWriter>().WriteImageAsync(message, Token);
        await app.Get<PoisonWriter>().WriteImageAsync(message, Token);

        var result = await app.ReadAsync("a.png");
        Assert.Equal(FailureCodes.Poison, result!.Error!.Code);
        Assert.Equal(image.Etag, result.Image.Etag);
        Assert.Single(await TestApp.ListBlobsAsync(app.Staging, $"dead-letters/{app.Prefix}-images/"));

        // Asked for again, it is detected: a poison failure has no identity.
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(image));
        await app.Get<PoisonWriter>().WriteImageAsync(message, Token);
        Assert.Equal(DetectionResult.DetectedStatus, (await app.ReadAsync("a.png"))!.Status);
    }

    [Theory]
    [InlineData(null, "The cause is in the app's log (Application Insights of the function app, or its log stream), ")]
    [InlineData("/data/logs/app.log", "The cause is in the app's log (/data/logs/app.log), ")]
    public async Task WriteImage_Message_SaysWhereTheLogIs(string? location, string expected)
    {
        var settings = location is null ? null : new Dictionary<string, string?> { ["Nanodet:Log:Location"] = location };
        await using var app = await TestApp.CreateReadyAsync(fixture, settings);
        await app.Get<PoisonWriter>().WriteImageAsync(Json(await app.UploadAsync("a.png")), Token);
        Assert.Contains(expected, (await app.ReadAsync("a.png"))!.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteImage_RecordOfOlderContent_IsReplaced()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.RunAsync(await app.UploadAsync("a.png"));
        var image = await app.UploadAsync("a.png");
        await app.Get<PoisonWriter>().WriteImageAsync(Json(image), Token);
        var result = await app.ReadAsync("a.png");
        Assert.Equal((FailureCodes.Poison, image.Etag), (result!.Error!.Code, result.Image.Etag));
    }

    [Fact]
    public async Task WriteImage_UnreadableMessage_BecomesADeadLetterThatSaysWhy()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await app.Get<PoisonWriter>().WriteImageAsync("""{ "schemaVersion": 2, "container": "images" }"""u8.ToArray(), Token);

        var name = Assert.Single(await TestApp.ListBlobsAsync(app.Staging)).Key;
        var letter = (await app.Staging.GetBlobClient(name).DownloadContentAsync(Token)).Value.Content.ToString();
        Assert.Contains("expected schema version 1, found 2", letter);
        Assert.Contains("schemaVersion", JsonDocument.Parse(letter).RootElement.GetProperty("message").GetString());
        Assert.Empty(await TestApp.ListBlobsAsync(app.Detections));
    }

    [Fact]
    public async Task WriteImage_OtherContainer_WritesNoRecord()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await app.Get<PoisonWriter>().WriteImageAsync(Json(new ImageMessage { Container = "elsewhere", Name = "a.png" }), Token);
        Assert.Empty(await TestApp.ListBlobsAsync(app.Detections));
        Assert.Single(await TestApp.ListBlobsAsync(app.Staging));
    }

    [Fact]
    public async Task WriteBatch_NotProcessed_EndsTheBatchWithFailures()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"), await app.UploadAsync("b.png"));
        var message = JsonSerializer.SerializeToUtf8Bytes(new BatchMessage { Batch = batch, Attempt = 3 }, MessageJson.Default.BatchMessage);

        var detected = await app.Get<PoisonWriter>().WriteBatchAsync(message, Token);
        Assert.Equal(new BatchDetected(batch.BatchId, BatchNames.Staging(batch), 0, 2, 0), detected);
        Assert.Equal(detected, await app.Get<PoisonWriter>().WriteBatchAsync(message, Token));
        Assert.Equal(new BatchCounts(0, 2, 0), await app.WriteAsync(batch, detected!));
        Assert.Equal(FailureCodes.Poison, (await app.ReadAsync("b.png"))!.Error!.Code);
        Assert.Null(await app.Get<PoisonWriter>().WriteBatchAsync(message, Token));
    }

    [Fact]
    public async Task WriteBatch_ProcessedMeanwhile_KeepsTheResults()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"));
        var processed = await app.ProcessAsync(batch);
        var message = JsonSerializer.SerializeToUtf8Bytes(new BatchMessage { Batch = batch }, MessageJson.Default.BatchMessage);
        Assert.Equal(processed, await app.Get<PoisonWriter>().WriteBatchAsync(message, Token));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task WriteBatch_DamagedList_EndsTheBatchWithWhatCanBeRead(int readable)
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"), await app.UploadAsync("b.png"));
        var list = app.Staging.GetBlobClient(batch.Blob);
        var lines = (await list.DownloadContentAsync(Token)).Value.Content.ToString().Split('\n');
        await list.UploadAsync(
            BinaryData.FromString(readable == 1 ? $"{lines[0]}\n{{ damaged\n" : "damaged"), overwrite: true, Token);
        await Assert.ThrowsAsync<PipelineException>(() => app.ProcessAsync(batch));
        var message = JsonSerializer.SerializeToUtf8Bytes(new BatchMessage { Batch = batch }, MessageJson.Default.BatchMessage);

        var detected = await app.Get<PoisonWriter>().WriteBatchAsync(message, Token);
        Assert.Equal(new BatchDetected(batch.BatchId, BatchNames.Staging(batch), 0, readable, 0), detected);
        Assert.Equal(new BatchCounts(0, readable, 0), await app.WriteAsync(batch, detected!));
        Assert.Equal(readable, (await TestApp.ListBlobsAsync(app.Detections)).Count);
        var letter = Assert.Single(await TestApp.ListBlobsAsync(app.Staging)).Key;
        var text = (await app.Staging.GetBlobClient(letter).DownloadContentAsync(Token)).Value.Content.ToString();
        Assert.NotEmpty(JsonDocument.Parse(text).RootElement.GetProperty("problem").GetString()!);
    }

    [Fact]
    public async Task WriteEvent_AnyText_BecomesADeadLetter()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await app.Get<PoisonWriter>().WriteEventAsync(Encoding.UTF8.GetBytes("no json"), Token);
        Assert.StartsWith($"dead-letters/{app.Prefix}-events/", Assert.Single(await TestApp.ListBlobsAsync(app.Staging)).Key);
    }

    private static byte[] Json(ImageMessage image) => JsonSerializer.SerializeToUtf8Bytes(image, MessageJson.Default.ImageMessage);
}
