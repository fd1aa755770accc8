using System.Text.Json;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>What jobs leave in storage.</summary>
internal static class Jobs
{
    public static async Task<JobManifest> ManifestAsync(this Deployment deployment, string jobId)
    {
        var blob = deployment.Blobs.GetBlobContainerClient("jobs").GetBlobClient($"{jobId}/manifest.json");
        var content = await blob.DownloadContentAsync(App.Cancellation);
        return JsonSerializer.Deserialize<JobManifest>(content.Value.Content, JsonSerializerOptions.Web)!;
    }

    /// <summary>The lines of a job's NDJSON, in order.</summary>
    public static async Task<IReadOnlyList<JsonElement>> ResultsAsync(this Deployment deployment, JobManifest manifest)
    {
        var lines = new List<JsonElement>();
        foreach (var name in manifest.Results)
        {
            var content = await deployment.Blobs.GetBlobContainerClient("jobs").GetBlobClient(name).DownloadContentAsync(App.Cancellation);
            var text = content.Value.Content.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            lines.AddRange(text.Select(line => JsonDocument.Parse(line).RootElement));
        }

        return lines;
    }

    /// <summary>Waits until no list and no finished batch is left.</summary>
    public static Task StagingIsEmptyAsync(this Deployment deployment, int seconds = 30)
    {
        var left = string.Empty;
        return Eventually.TrueAsync(
            async () =>
            {
                left = string.Empty;
                var staging = deployment.Blobs.GetBlobContainerClient("staging");
                await foreach (var blob in staging.GetBlobsAsync(cancellationToken: App.Cancellation))
                {
                    left += blob.Name + " ";
                }

                return left.Length == 0;
            },
            () => $"staging is empty; it holds {left}",
            seconds);
    }
}
