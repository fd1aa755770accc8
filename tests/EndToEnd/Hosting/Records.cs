using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Storage.Blobs.Models;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>The terminal records of a deployment.</summary>
internal static class Records
{
    /// <summary>Waits until that many records are there, and reads them by image name.</summary>
    public static async Task<IReadOnlyDictionary<string, DetectionResult>> RecordsAsync(
        this Deployment deployment, int count, int seconds = 90)
    {
        var found = 0;
        await Eventually.TrueAsync(
            async () => (found = await deployment.CountRecordsAsync()) >= count, () => $"{count} records; there are {found}", seconds);
        return await deployment.ReadRecordsAsync();
    }

    public static async Task<int> CountRecordsAsync(this Deployment deployment)
    {
        var count = 0;
        await foreach (var _ in deployment.Detections.GetBlobsAsync(cancellationToken: App.Cancellation))
        {
            count++;
        }

        return count;
    }

    /// <summary>Reads every record; fails when one is not under the name of its image.</summary>
    public static async Task<IReadOnlyDictionary<string, DetectionResult>> ReadRecordsAsync(this Deployment deployment)
    {
        var blobs = new List<BlobItem>();
        await foreach (var blob in deployment.Detections.GetBlobsAsync(cancellationToken: App.Cancellation))
        {
            blobs.Add(blob);
        }

        var records = new ConcurrentDictionary<string, DetectionResult>();
        await Parallel.ForEachAsync(blobs, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (blob, token) =>
        {
            var content = await deployment.Detections.GetBlobClient(blob.Name).DownloadContentAsync(token);
            var record = JsonSerializer.Deserialize(content.Value.Content, ResultJson.Default.DetectionResult)!;
            Assert.Equal($"{record.Image.Container}/{record.Image.Name}.json", blob.Name);
            Assert.True(records.TryAdd(record.Image.Name, record));
        });
        return records;
    }
}
