using System.Net.Http.Json;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Checkpoints.Tests;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>Checkpoints that are dropped into storage.</summary>
public sealed class PublishTests
{
    private static readonly byte[] Config = TinyModel.PlusConfig();
    private static readonly byte[] Checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(Config));

    [Fact]
    public async Task Drop_CheckpointAndConfig_AreServedWithoutARestartAndBrokenOnesAreNot()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        var app = await deployment.StartAsync(
            "all", ("Nanodet__Model__PollInterval", "00:00:00.200"), ("Nanodet__Publish__Grace", "00:00:02"));
        await app.IsReadyAsync();

        // A checkpoint alone waits, says so after the grace, and is served as soon as its config comes.
        await DropAsync(deployment, "tiny.pth", Checkpoint);
        var alone = await ReportAsync(deployment, "tiny", report => report.Error?.Code == "config_missing");
        Assert.Equal("test-plus/1", alone.Current);
        await DropAsync(deployment, "tiny.yml", Config);
        var published = await ReportAsync(deployment, "tiny", report => report.Status == PublishStatus.Published);
        await ServesAsync(app, published.Model!.Sha256);

        // The model is that of the checkpoint: an image is detected by it.
        var image = SampleImages.Good(1).Single();
        await deployment.Images.UploadAsync([image]);
        var record = (await deployment.RecordsAsync(1)).Values.Single();
        Assert.Equal((DetectionStatus.Detected, "tiny", published.Model.Version), (record.Status, record.Model!.Name, record.Model.Version));

        // The other order, and broken: a report, and the old model goes on.
        await DropAsync(deployment, "team/broken.yml", Config);
        await DropAsync(deployment, "team/broken.pth", Checkpoint[..(Checkpoint.Length / 2)]);
        var refused = await ReportAsync(deployment, "team/broken", report => report.Error?.Code is not (null or "checkpoint_missing"));
        Assert.Equal(("truncated_checkpoint", $"tiny/{published.Model.Version}"), (refused.Error!.Code, refused.Current));

        // Overwriting the config alone publishes again.
        await DropAsync(deployment, "tiny.yml", TinyModel.PlusConfig(("left", "links")));
        var again = await ReportAsync(
            deployment, "tiny", report => report.Status == PublishStatus.Published && report.Model!.Sha256 != published.Model.Sha256);
        Assert.Equal(published.Model.CheckpointSha256, again.Model!.CheckpointSha256);
        await ServesAsync(app, again.Model.Sha256);
        Assert.Equal(3, (await app.HealthAsync()).GetProperty("modelLoads").GetInt32());

        // The version before stays addressable, and one that was never published is refused at once.
        var named = $"tiny/{published.Model.Version}";
        Assert.Equal(published.Model.Sha256, await DetectAsync(app, image.Bytes, named));

        var job = await app.JobEndsAsync(await app.StartJobAsync(new { all = true, options = new { model = named }, force = true }));
        Assert.Equal((1L, 0L), (job.Detected, job.Failed));
        Assert.Equal(published.Model.Sha256, (await deployment.ReadRecordsAsync()).Values.Single().Model!.Sha256);
        using var unknown = JsonContent.Create(new { options = new { model = "nowhere" } });
        var (refusal, problem) = await app.SendAsync(HttpMethod.Post, "api/jobs", unknown);
        Assert.Equal((400, "model_not_served"), ((int)refusal, problem.GetProperty("code").GetString()));
        Assert.Contains(named, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drop_AnnouncedOnQueueEvents_IsPublishedOnce()
    {
        await using var deployment = await Deployment.CreateAsync();
        var app = await deployment.StartAsync("all", ("AzureWebJobs.CheckpointUploaded.Disabled", "true"));
        await DropAsync(deployment, "tiny.yml", Config);
        await DropAsync(deployment, "tiny.pth", Checkpoint);

        await AnnounceAsync(deployment, "tiny.pth");
        var published = await ReportAsync(deployment, "tiny", report => report.Status == PublishStatus.Published);
        await ServesAsync(app, published.Model!.Sha256);
        var before = await deployment.Blobs.GetBlobContainerClient("models").GetBlobClient("current.json").GetPropertiesAsync(cancellationToken: App.Cancellation);

        // Both blobs again, and a blob that trigger and queue gave up: nothing is published a second time.
        await AnnounceAsync(deployment, "tiny.pth");
        await AnnounceAsync(deployment, "tiny.yml");
        var poison = deployment.Queues.GetQueueClient("webjobs-blobtrigger-poison");
        await poison.CreateIfNotExistsAsync(cancellationToken: App.Cancellation);
        await poison.SendMessageAsync(
            JsonSerializer.Serialize(new { Type = "BlobTrigger", ContainerName = "checkpoints", BlobName = "tiny.pth" }), App.Cancellation);
        await deployment.QueuesAreEmptyAsync();
        await Eventually.TrueAsync(
            async () => (await poison.GetPropertiesAsync(App.Cancellation)).Value.ApproximateMessagesCount == 0, "the poison message is gone", 30);

        // A second pair comes later and is done: what the first one's events started, if anything, is over.
        await DropAsync(deployment, "late.yml", Config);
        await DropAsync(deployment, "late.pth", "none"u8.ToArray());
        await AnnounceAsync(deployment, "late.yml");
        await ReportAsync(deployment, "late", report => report.Error?.Code == "not_a_checkpoint");
        var after = await deployment.Blobs.GetBlobContainerClient("models").GetBlobClient("current.json").GetPropertiesAsync(cancellationToken: App.Cancellation);
        Assert.Equal(before.Value.ETag, after.Value.ETag);
        Assert.Equal(published.CreatedUtc, (await ReportAsync(deployment, "tiny", _ => true)).CreatedUtc);
    }

    /// <summary>SHA-256 of the model that detects; a model that is still being loaded is answered with 503.</summary>
    private static async Task<string> DetectAsync(App app, byte[] image, string model)
    {
        var last = string.Empty;
        return await Eventually.GetAsync(
            async () =>
            {
                using var content = new ByteArrayContent(image);
                var (status, result) = await app.SendAsync(HttpMethod.Post, $"api/detect?model={model}", content);
                last = $"{status} {result}";
                Assert.True((int)status is 200 or 503, last);
                return (int)status == 200 ? result.GetProperty("model").GetProperty("sha256").GetString() : null;
            },
            () => $"an image is detected by {model}: {last}",
            60);
    }

    private static async Task DropAsync(Deployment deployment, string name, byte[] content) =>
        await deployment.Checkpoints.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(content), overwrite: true, App.Cancellation);

    private static async Task AnnounceAsync(Deployment deployment, string name)
    {
        var blob = deployment.Checkpoints.GetBlobClient(name);
        using var content = JsonContent.Create(new
        {
            id = Guid.NewGuid(),
            eventType = "Microsoft.Storage.BlobCreated",
            subject = $"/blobServices/default/containers/checkpoints/blobs/{name}",
            data = new { api = "PutBlob", url = blob.Uri },
        });
        await deployment.Queues.GetQueueClient("events").SendMessageAsync(await content.ReadAsStringAsync(App.Cancellation), App.Cancellation);
    }

    private static async Task<PublishReport> ReportAsync(Deployment deployment, string stem, Func<PublishReport, bool> isWanted)
    {
        var blob = deployment.Checkpoints.GetBlobClient($"{stem}.report.json");
        PublishReport? last = null;
        return await Eventually.GetAsync(
            async () => (last = await ReadAsync(blob)) is { } report && isWanted(report) ? report : null,
            () => $"the report about {stem} is the wanted one: {last}",
            60);
    }

    private static async Task<PublishReport?> ReadAsync(BlobClient blob)
    {
        try
        {
            var content = await blob.DownloadContentAsync(App.Cancellation);
            return JsonSerializer.Deserialize(content.Value.Content, PublishJson.Default.PublishReport);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private static async Task ServesAsync(App app, string sha256)
    {
        JsonElement health = default;
        await Eventually.TrueAsync(
            async () => (health = await app.HealthAsync()).GetProperty("model") is { ValueKind: JsonValueKind.Object } model
                && model.GetProperty("sha256").GetString() == sha256,
            () => $"the app serves {sha256}: {health}",
            30);
    }
}
