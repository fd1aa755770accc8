using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.LocalHost.SampleApp;

public static class BlobFunctions
{
    [Function("Scanned")]
    [QueueOutput("%Prefix%-blobs")]
    public static async Task<string> ScannedAsync(
        [BlobTrigger("%Prefix%-scanned/{name}")] BlobClient blob, string name, CancellationToken cancellationToken)
    {
        var content = await blob.DownloadContentAsync(cancellationToken);
        return $"scanned {name} {content.Value.Content.ToMemory().Length}";
    }

    [Function("Announced")]
    [QueueOutput("%Prefix%-blobs")]
    public static string Announced(
        [BlobTrigger("%Prefix%-announced/{name}", Source = BlobTriggerSource.EventGrid)] byte[] content, string name) =>
        $"announced {name} {content.Length}";
}
