using System.Text;
using System.Text.Json;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
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
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("a.png"))!.Status);
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
    [InlineData("""{ "container": "NAME-images", "name": "a.png", "etag": "*\"\r\nX: y" }""", true)]
    [InlineData("""{ "container": "NAME-images", "name": "a.png", "jobId": "../../models" }""", true)]
    [InlineData("""{ "container": "NAME-images", "name": "n/../a.png" }""", false)]
    [InlineData("""{ "container": "NAME-images", "name": "a\u0001.png" }""", false)]
    [InlineData("""{ "container": "NAME-images", "name": "a\uffff.png" }""", false)]
    [InlineData("""{ "container": "NAME-images", "name": "a\ud800.png" }""", false)]
    [InlineData("no json", false)]
    public async Task WriteImage_WhatStorageWouldBreakOn_EndsWithARecordWhereItsNameCanHaveOne(string message, bool hasRecord)
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.UploadAsync("a.png");
        var text = Encoding.UTF8.GetBytes(message.Replace("NAME", app.Prefix, StringComparison.Ordinal));

        await app.Get<PoisonWriter>().WriteImageAsync(text, Token);

        Assert.Equal(hasRecord ? FailureCodes.MessageInvalid : null, (await app.ReadAsync("a.png"))?.Error?.Code);
        Assert.Equal(hasRecord ? 1 : 0, (await TestApp.ListBlobsAsync(app.Detections)).Count);
        var letter = Assert.Single(await TestApp.ListBlobsAsync(app.Staging, "dead-letters/")).Key;
        using var json = JsonDocument.Parse((await app.Staging.GetBlobClient(letter).DownloadContentAsync(Token)).Value.Content);
        Assert.NotEmpty(json.RootElement.GetProperty("problem").GetString()!);
        Assert.Equal(Encoding.UTF8.GetString(text), json.RootElement.GetProperty("message").GetString());
    }

    [Fact]
    public async Task WriteImage_MessageInvalidAboutADetectedImage_KeepsItsDetections()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        await app.RunAsync(await app.UploadAsync("a.png"));
        await app.Get<PoisonWriter>().WriteImageAsync(
            Encoding.UTF8.GetBytes($$"""{ "container": "{{app.Images.Name}}", "name": "a.png", "etag": "*" }"""), Token);
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("a.png"))!.Status);
    }

    [Fact]
    public async Task WriteImage_LookUpThatThrows_StillEndsTheMessage()
    {
        var isBroken = false;
        await using var app = await TestApp.CreateReadyAsync(
            fixture,
            replace: services => services.AddSingleton(provider => new StorageClients(
                provider.GetRequiredService<IConfiguration>(),
                provider.GetRequiredService<IOptions<StorageOptions>>(),
                credential: null,
                new BlobClientOptions { Retry = { MaxRetries = 0 }, Transport = new HttpClientTransport(new Broken(() => isBroken)) },
                new QueueClientOptions())));
        var image = await app.UploadAsync("a.png");

        isBroken = true;
        await app.Get<PoisonWriter>().WriteImageAsync(Json(image with { Bytes = null }), Token);

        isBroken = false;
        Assert.Equal((FailureCodes.Poison, image.Etag), ((await app.ReadAsync("a.png"))!.Error!.Code, (await app.ReadAsync("a.png"))!.Image.Etag));
        Assert.Single(await TestApp.ListBlobsAsync(app.Staging, "dead-letters/"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task WriteBatch_ListThatIsTooShort_EndsTheBatchWithWhatIsLeft(int readable)
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"), await app.UploadAsync("b.png"));
        var list = app.Staging.GetBlobClient(batch.Blob);
        var lines = (await list.DownloadContentAsync(Token)).Value.Content.ToString().Split('\n');
        await list.UploadAsync(
            BinaryData.FromString(readable == 1 ? $"{lines[0]}\n" : string.Empty), overwrite: true, Token);
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
        await app.Get<PoisonWriter>().WriteEventAsync(Encoding.UTF8.GetBytes("no json"), problem: null, Token);
        Assert.StartsWith($"dead-letters/{app.Prefix}-events/", Assert.Single(await TestApp.ListBlobsAsync(app.Staging)).Key);
    }

    /// <summary>Requests about images that nobody answers.</summary>
    private sealed class Broken(Func<bool> isBroken) : DelegatingHandler(new HttpClientHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            isBroken() && request.RequestUri!.AbsolutePath.Contains("-images/", StringComparison.Ordinal) && request.Method == HttpMethod.Head
                && !request.RequestUri.AbsolutePath.Contains("-detections/", StringComparison.Ordinal)
                ? throw new HttpRequestException("Nobody answers.")
                : base.SendAsync(request, cancellationToken);
    }

    private static byte[] Json(ImageMessage image) => JsonSerializer.SerializeToUtf8Bytes(image, MessageJson.Default.ImageMessage);
}
