using System.Net.Http.Json;
using System.Text.Json;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>The triggers that other tests do not pull: timers, the Event Grid webhook, and a blob that its trigger gave up.</summary>
public sealed class TriggerTests
{
    [Fact]
    public async Task Triggers_TimersWebhookAndPoisonedUpload_LeadToRecords()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        var app = await deployment.StartAsync(
            "all",
            ("AzureWebJobs.ImageUploaded.Disabled", "true"),
            ("AzureWebJobs.ImageAnnounced.Disabled", "false"),
            ("Nanodet__Reconcile__Grace", "00:00:00"),
            ("Nanodet__History__Retention", "00:00:00"),
            ("Nanodet__Nightly__Enabled", "true"),
            ("Nanodet__Nightly__Prefix", "nightly/"));
        await app.IsReadyAsync();

        var announced = await UploadAsync(deployment, "announced");
        await AnnounceAsync(deployment, app, announced);
        await HasRecordAsync(deployment, announced);

        var poisoned = await UploadAsync(deployment, "poisoned");
        var queue = deployment.Queues.GetQueueClient("webjobs-blobtrigger-poison");
        await queue.CreateIfNotExistsAsync(cancellationToken: App.Cancellation);
        await queue.SendMessageAsync(
            JsonSerializer.Serialize(new { Type = "BlobTrigger", ContainerName = "images", BlobName = poisoned }), App.Cancellation);
        await HasRecordAsync(deployment, poisoned);

        var lost = await UploadAsync(deployment, "lost");
        await CallAsync(app, "Reconcile");
        await HasRecordAsync(deployment, lost);

        var nightly = await UploadAsync(deployment, "nightly");
        await CallAsync(app, "NightlyDetection");
        await CallAsync(app, "NightlyDetection");
        await HasRecordAsync(deployment, nightly);
        var (_, list) = await app.GetAsync("api/jobs");
        Assert.Single(list.GetProperty("jobs").EnumerateArray());
        Assert.Equal(4, await app.ImagesComputedAsync());

        var jobId = list.GetProperty("jobs")[0].GetProperty("jobId").GetString()!;
        await app.JobEndsAsync(jobId);
        Assert.NotEqual(0, await deployment.CountInstancesAsync());
        await Eventually.TrueAsync(
            async () =>
            {
                await CallAsync(app, "PurgeHistory");
                return await deployment.CountInstancesAsync() == 0;
            },
            "orchestrations that ended are removed",
            60);
        Assert.Equal(JobState.Completed, (await app.JobAsync(jobId)).State);
        Assert.Equal(4, await deployment.CountRecordsAsync());
    }

    private static async Task<string> UploadAsync(Deployment deployment, string folder)
    {
        var image = SampleImages.Good(1, folder).Single();
        await deployment.Images.UploadAsync([image]);
        return image.Name;
    }

    private static async Task AnnounceAsync(Deployment deployment, App app, string name)
    {
        var blob = deployment.Images.GetBlobClient(name);
        var properties = (await blob.GetPropertiesAsync(cancellationToken: App.Cancellation)).Value;
        using var content = JsonContent.Create(new[]
        {
            new
            {
                id = "1",
                eventType = "Microsoft.Storage.BlobCreated",
                subject = $"/blobServices/default/containers/images/blobs/{name}",
                eventTime = "2026-01-31T12:00:00Z",
                dataVersion = "1",
                data = new
                {
                    api = "PutBlob",
                    url = blob.Uri,
                    eTag = properties.ETag.ToString().Trim('"'),
                    contentLength = properties.ContentLength,
                    blobType = "BlockBlob",
                },
            },
        });
        content.Headers.Add("aeg-event-type", "Notification");
        const string webhook = "runtime/webhooks/blobs?functionName=Host.Functions.ImageAnnounced";
        var (status, _) = await app.SendAsync(HttpMethod.Post, webhook, content);
        Assert.Equal(202, (int)status);
    }

    private static async Task CallAsync(App app, string function)
    {
        using var content = JsonContent.Create(new { input = "" });
        var (status, body) = await app.SendAsync(HttpMethod.Post, $"admin/functions/{function}", content);
        Assert.True((int)status is 200 or 202, $"{function}: {status} {body}");
    }

    private static Task HasRecordAsync(Deployment deployment, string name) => Eventually.TrueAsync(
        async () => await deployment.Detections.GetBlobClient($"images/{name}.json").ExistsAsync(App.Cancellation),
        $"{name} has a record",
        60);
}
