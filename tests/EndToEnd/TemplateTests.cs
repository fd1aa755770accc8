using System.Text.Json;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>The template of infra/bicep against the running app: the two roles with exactly the settings that it gives them.</summary>
public sealed class TemplateTests
{
    [Fact]
    public async Task Roles_WithTheSettingsOfTheTemplate_RunAJobWithinTheirRights()
    {
        using var template = await TemplateDeployment.CreateAsync();
        await using var deployment = await Deployment.CreateEmptyAsync();
        await template.CreateStorageAsync(deployment);
        await deployment.PublishAsync(TestModel.Good, "1");
        await deployment.Images.UploadAsync([.. SampleImages.Good(20, "job"), .. SampleImages.Good(1, "upload")]);

        // The coordinator alone: it queues what it is asked for.
        var coordinator = await StartAsync(template, deployment, "coordinator");
        Assert.Equal(Enabled("coordinator"), EnabledIn(coordinator));
        await AnnounceAsync(deployment, "upload/000/0000.png");
        var job = await coordinator.StartJobAsync(new { prefix = "job/", batchSize = 10 });
        var batches = deployment.Queues.GetQueueClient("batches");
        await Eventually.TrueAsync(
            async () => (await batches.GetPropertiesAsync(App.Cancellation)).Value.ApproximateMessagesCount == 3, "three batches wait", 60);
        await BatchesWaitAsync(coordinator, 3);
        await coordinator.Host.StopAsync(App.Cancellation);

        // The worker alone: whatever is in the log from here on is its own, but for the question how long its queue is.
        var before = StorageAccess.Count(deployment);
        var worker = await StartAsync(template, deployment, "worker");
        Assert.Equal(Enabled("worker"), EnabledIn(worker));
        await worker.IsReadyAsync();
        await Eventually.TrueAsync(async () => await worker.ImagesComputedAsync() == 21, "the worker has detected everything", 60);
        await Eventually.TrueAsync(
            async () => (await batches.GetPropertiesAsync(App.Cancellation)).Value.ApproximateMessagesCount == 0,
            "the worker has raised its events and removed its messages",
            120);
        await worker.Host.StopAsync(App.Cancellation);
        var touched = StorageAccess.Read(deployment, before);

        coordinator = await StartAsync(template, deployment, "coordinator");
        var ended = await coordinator.JobEndsAsync(job, 180);
        Assert.Equal((JobState.Completed, 20, 20), (ended.State, ended.Discovered, ended.Detected));
        await deployment.RecordsAsync(21, 180);

        var rights = template.Snapshot.RoleAssignments.Where(assignment => assignment.Principal == "id-worker").ToArray();
        Assert.NotEmpty(touched);
        Assert.Empty(touched.Where(access => !access.IsGranted(rights)).Select(access => $"{access.Resource}: {access.Request}").Distinct());
        await HasNothingBeyondTheTemplateAsync(template, deployment);
    }

    private static async Task<App> StartAsync(TemplateDeployment template, Deployment deployment, string role) =>
        await deployment.StartAsync(new FunctionHostOptions
        {
            AppDirectory = template.AppDirectory,
            StorageConnectionString = deployment.ConnectionString,
            DurableWebHooks = true,
            Settings = template.Settings(role),
        });

    /// <summary>What docs/operations.md says that a role runs, less the other ways to see an upload.</summary>
    private static IEnumerable<string> Enabled(string role) => Operations.Roles()
        .Where(function => function.Value == role || function.Value == "all").Select(function => function.Key)
        .Except(["CheckpointUploaded", "FindUploads", "ImageAnnounced", "ImageUploaded"]).Order();

    private static IEnumerable<string> EnabledIn(App app) =>
        app.Host.Functions.Where(function => !function.IsDisabled).Select(function => function.Name).Order();

    /// <summary>What Event Grid puts on the queue when a blob was created.</summary>
    private static async Task AnnounceAsync(Deployment deployment, string name)
    {
        var blob = deployment.Images.GetBlobClient(name);
        var properties = (await blob.GetPropertiesAsync(cancellationToken: App.Cancellation)).Value;
        var cloudEvent = new
        {
            specversion = "1.0",
            type = "Microsoft.Storage.BlobCreated",
            source = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
            id = Guid.NewGuid().ToString(),
            subject = $"/blobServices/default/containers/images/blobs/{name}",
            data = new { api = "PutBlob", eTag = properties.ETag.ToString(), contentLength = properties.ContentLength, url = blob.Uri },
        };
        await deployment.Queues.GetQueueClient("events").SendMessageAsync(JsonSerializer.Serialize(cloudEvent), App.Cancellation);
    }

    /// <summary>
    /// Waits until every batch's orchestration sleeps: a message that its host has in hand when it stops is hidden for a minute.
    /// </summary>
    private static Task BatchesWaitAsync(App app, int count)
    {
        var last = string.Empty;
        return Eventually.TrueAsync(
            async () =>
            {
                var (_, list) = await app.GetAsync("runtime/webhooks/durabletask/instances?instanceIdPrefix=batch-");
                var asleep = 0;
                foreach (var instance in list.EnumerateArray())
                {
                    var id = instance.GetProperty("instanceId").GetString();
                    var (_, status) = await app.GetAsync($"runtime/webhooks/durabletask/instances/{id}?showHistory=true");
                    last = status.ToString();
                    asleep += status.GetProperty("historyEvents").EnumerateArray()
                        .Any(item => item.GetProperty("EventType").GetString() == "TimerCreated") ? 1 : 0;
                }

                return asleep == count;
            },
            () => $"{count} batches wait for their worker; one of them: {last}",
            60);
    }

    private static async Task HasNothingBeyondTheTemplateAsync(TemplateDeployment template, Deployment deployment)
    {
        var containers = new List<string>();
        await foreach (var container in deployment.Blobs.GetBlobContainersAsync(cancellationToken: App.Cancellation))
        {
            containers.Add(container.Name);
        }

        var queues = new List<string>();
        await foreach (var queue in deployment.Queues.GetQueuesAsync(cancellationToken: App.Cancellation))
        {
            queues.Add(queue.Name);
        }

        var tables = StorageAccess.Read(deployment).Select(access => access.Resource)
            .Where(resource => resource.StartsWith("tableServices/", StringComparison.Ordinal))
            .Select(resource => resource.Split('/')[^1]).Distinct();
        const string account = "Microsoft.Storage/storageAccounts/";
        Assert.Equal(template.Snapshot.NamesOf(account + "blobServices/containers").Order(), containers.Order());
        Assert.Equal(template.Snapshot.NamesOf(account + "queueServices/queues").Order(), queues.Order());
        Assert.Equal(template.Snapshot.NamesOf(account + "tableServices/tables").Order(), tables.Except(["Tables", "$batch"]).Order());
    }
}
