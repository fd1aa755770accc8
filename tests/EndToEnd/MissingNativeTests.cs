using System.Diagnostics;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Results;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>A native library that goes while the app runs, and comes back: no image is to blame.</summary>
public sealed class MissingNativeTests
{
    private const int Images = 20;

    public static TheoryData<string> Required =>
        [.. NativeLibraries.All.Where(library => library is { IsBundled: true, IsRequired: true }).Select(library => library.File)];

    [Theory]
    [MemberData(nameof(Required))]
    public async Task Images_LibraryTakenAwayWhileTheAppRuns_WaitUntilItIsBack(string file)
    {
        using var copy = await FolderCopy.CreateAsync(Deployment.AppDirectory, App.Cancellation);
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        var options = deployment.Options(
            "all",
            ("Nanodet__Orchestrations__BatchWait", "00:00:01"),
            ("Nanodet__Orchestrations__LongestBatchWait", "00:00:01"),
            ("Nanodet__Grouping__BatchSize", "4"));
        var app = await deployment.StartAsync(new FunctionHostOptions
        {
            AppDirectory = copy.Path,
            HostId = options.HostId,
            StorageConnectionString = options.StorageConnectionString,
            Settings = options.Settings,
        });
        await app.IsReadyAsync();

        // A loaded library stays in memory: a worker that starts now has to load it and cannot.
        var putBack = copy.Remove(file);
        using (var worker = Process.GetProcessById(app.Host.WorkerProcessId!.Value))
        {
            worker.Kill();
        }

        await SaysAsync(app, file);
        await deployment.Images.UploadAsync(SampleImages.Good(Images));

        // Each batch is queued again more often than a queue tries a message before it is poison.
        await Eventually.TrueAsync(
            () => Task.FromResult(Attempts(deployment) >= 6 * (Images / 4)), () => $"batches are queued again; so far {Attempts(deployment)}", 90);
        using (var content = new ByteArrayContent(SampleImages.Good(1).Single().Bytes))
        {
            var (status, problem) = await app.SendAsync(HttpMethod.Post, "api/detect", content);
            Assert.Equal((503, EnvironmentErrorCodes.LibraryMissing), ((int)status, problem.GetProperty("code").GetString()));
            Assert.Contains(file, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        await SaysAsync(app, file);
        Assert.Equal(0, await deployment.CountRecordsAsync());
        Assert.Equal(0, await CountAsync(deployment, "images-poison") + await CountAsync(deployment, "batches-poison"));

        // The same process goes on.
        var workerId = app.Host.WorkerProcessId;
        putBack();
        await app.IsReadyAsync();
        Assert.Equal(workerId, app.Host.WorkerProcessId);
        var records = await deployment.RecordsAsync(Images);

        Assert.Equal(Images, records.Count);
        Assert.All(records.Values, record => Assert.Equal(DetectionStatus.Detected, record.Status));
        await deployment.QueuesAreEmptyAsync();
    }

    private static async Task SaysAsync(App app, string file)
    {
        var seen = string.Empty;
        await Eventually.TrueAsync(
            async () =>
            {
                var health = await app.HealthAsync();
                seen = health.ToString();
                return health.TryGetProperty("code", out var code) && code.GetString() == EnvironmentErrorCodes.LibraryMissing;
            },
            () => $"the app says library_missing: {seen}",
            60);
        Assert.Contains(file, seen, StringComparison.Ordinal);
        Assert.Contains("\"ready\": false", seen.Replace("\":false", "\": false", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    /// <summary>How often a batch was put on its queue, by Azurite's log.</summary>
    private static int Attempts(Deployment deployment) => StorageAccess.Read(deployment)
        .Count(access => access.Resource.EndsWith("/queues/batches", StringComparison.Ordinal) && access.Request.StartsWith("POST ", StringComparison.Ordinal));

    private static async Task<int> CountAsync(Deployment deployment, string queue)
    {
        var client = deployment.Queues.GetQueueClient(queue);
        return await client.ExistsAsync(App.Cancellation) ? (await client.GetPropertiesAsync(App.Cancellation)).Value.ApproximateMessagesCount : 0;
    }
}
