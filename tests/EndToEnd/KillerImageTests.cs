using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Nanodet.Detection.Results;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>An image at which the worker's process dies each time: the test kills it whenever the image is at hand.</summary>
public sealed class KillerImageTests
{
    private const int Neighbours = 12;
    private const string Killer = "cam/killer.jpg";

    [Fact]
    public async Task KillerImage_AmongOthers_FailsAloneAndTheyAreDetected()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");

        // So large that decoding it takes long enough to be killed in.
        var killer = TestImages.Rectangle(9600, 9600, new Rect(100, 100, 3000, 2000), new Bgr(0, 0, 255), ".jpg");
        var app = await deployment.StartAsync(
            "all",
            ("AzureWebJobs.ImageUploaded.Disabled", "true"),
            ("AzureWebJobs.FindUploads.Disabled", "true"),
            ("Nanodet__Grouping__MaxDelay", "00:00:02"),
            ("Nanodet__Worker__DeadAfter", "00:00:10"));
        await app.IsReadyAsync();
        await deployment.Images.UploadAsync([.. SampleImages.Good(Neighbours), (Killer, killer)]);
        var job = await app.StartJobAsync(new { prefix = "" });

        var deaths = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(App.Cancellation);
        var killing = KillAsync(deployment, app, $"jobs/{job}/begun/", () => deaths++, stop.Token);
        var records = await deployment.RecordsAsync(Neighbours + 1, seconds: 240);
        await stop.CancelAsync();
        await killing;

        Assert.Equal((4, FailureCodes.WorkerCrashed), (deaths, records[Killer].Error?.Code));
        Assert.All(
            records.Values.Where(record => record.Image.Name != Killer),
            record => Assert.Equal(DetectionStatus.Detected, record.Status));
        Assert.Equal(5, app.Host.WorkerStarts);
        var status = await app.JobEndsAsync(job);
        Assert.Equal((JobState.Completed, Neighbours, 1L), (status.State, status.Detected, status.Failed));

        await deployment.QueuesAreEmptyAsync();
        await deployment.StagingIsEmptyAsync();
    }

    /// <summary>SIGKILL to the worker when the killer's batch is begun, and when the killer itself is at hand.</summary>
    private static async Task KillAsync(
        Deployment deployment, App app, string prefix, Action onKilled, CancellationToken cancellationToken)
    {
        var staging = deployment.Blobs.GetBlobContainerClient("staging");
        var places = new Dictionary<string, int>();
        var seen = new HashSet<string>();
        try
        {
            while (true)
            {
                await foreach (var blob in staging.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken))
                {
                    // Each state of a mark is looked at once: the killer is at hand for a second, and looking has to be faster.
                    if (seen.Add($"{blob.Properties.ETag}")
                        && await IsAtHandAsync(staging, blob.Name, places, cancellationToken)
                        && app.Host.WorkerProcessId is { } id)
                    {
                        using var worker = Process.GetProcessById(id);
                        worker.Kill();
                        await worker.WaitForExitAsync(cancellationToken);
                        onKilled();
                    }
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Every image has its record.
        }
    }

    /// <summary>Whether a mark says that the killer is at hand, or its whole batch.</summary>
    private static async Task<bool> IsAtHandAsync(
        BlobContainerClient staging, string name, Dictionary<string, int> places, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult mark = await staging.GetBlobClient(name).DownloadContentAsync(cancellationToken);
            if (!places.TryGetValue(name, out var place))
            {
                places[name] = place = await PlaceOfKillerAsync(staging, name, cancellationToken);
            }

            using var state = JsonDocument.Parse(mark.Content);
            var image = state.RootElement.GetProperty("atHand");
            return place >= 0 && state.RootElement.GetProperty("isUnderWay").GetBoolean()
                && (image.ValueKind == JsonValueKind.Null
                    ? !state.RootElement.GetProperty("isAlone").GetBoolean()
                    : image.GetString()!.StartsWith($"images/{Killer} ", StringComparison.Ordinal));
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // The batch was finished meanwhile.
            return false;
        }
    }

    /// <summary>The killer's place in a batch, from 0; -1 when it is not in it.</summary>
    private static async Task<int> PlaceOfKillerAsync(
        BlobContainerClient staging, string mark, CancellationToken cancellationToken)
    {
        var id = Path.GetFileNameWithoutExtension(mark);
        var parts = id.Split('-');
        var (list, offset) = mark.StartsWith("jobs/", StringComparison.Ordinal)
            ? (mark[..mark.IndexOf("begun/", StringComparison.Ordinal)] + $"pages/{parts[^2]}.ndjson",
                int.Parse(parts[^1], CultureInfo.InvariantCulture))
            : ($"lists/{id}.ndjson", 0);
        BlobDownloadResult content = await staging.GetBlobClient(list).DownloadContentAsync(cancellationToken);
        return Array.FindIndex(
            content.Content.ToString().Split('\n')[offset..], line => line.Contains(Killer, StringComparison.Ordinal));
    }
}
