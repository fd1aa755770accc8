using System.Diagnostics;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>Processes that are killed in the middle of a job.</summary>
public sealed class CrashTests
{
    private const int Images = 400;

    [Fact]
    public async Task Job_WorkerThenHostKilled_CompletesByItselfAfterRestart()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        await deployment.Images.UploadAsync(SampleImages.Good(Images));
        var options = deployment.Options(
            "all",
            ("AzureWebJobs.ImageUploaded.Disabled", "true"),
            ("Nanodet__Orchestrations__BatchWait", "00:00:05"),
            ("Nanodet__Orchestrations__LongestBatchWait", "00:00:10"));
        string job;
        using (var host = await ChildHost.StartAsync(options))
        {
            await host.App.IsReadyAsync();
            job = await host.App.StartJobAsync(new { prefix = "", batchSize = 5, pageSize = 200 });
            await ProcessedAsync(host.App, job, 1);
            using (var worker = Process.GetProcessById(host.WorkerProcessId))
            {
                worker.Kill();
            }

            var before = await deployment.CountRecordsAsync();
            await Eventually.TrueAsync(async () => await deployment.CountRecordsAsync() > before, "the new worker goes on", 90);
            await host.KillAsync();
        }

        Assert.True(await deployment.CountRecordsAsync() < Images, "the job was over before the host was killed");
        using var again = await ChildHost.StartAsync(options);
        var status = await again.App.JobEndsAsync(job, seconds: 180);

        Assert.Equal(JobState.Completed, status.State);
        Assert.Equal(Images, status.Discovered);
        Assert.Equal(Images, status.Detected + status.Skipped);
        Assert.Equal(0, status.Failed);
        var records = await deployment.ReadRecordsAsync();
        Assert.Equal(SampleImages.Good(Images).Select(image => image.Name).Order(), records.Keys.Order());
        var manifest = await deployment.ManifestAsync(job);
        Assert.Empty(manifest.Missing);
        Assert.Equal(
            SampleImages.Good(Images).Select(image => image.Name).Order(StringComparer.Ordinal),
            (await deployment.ResultsAsync(manifest)).Select(line => line.GetProperty("image").GetProperty("name").GetString()!));
    }

    private static Task ProcessedAsync(App app, string job, long images) => Eventually.TrueAsync(
        async () =>
        {
            var status = await app.JobAsync(job);
            return status.Detected + status.Skipped >= images;
        },
        "the job has begun",
        60);
}
