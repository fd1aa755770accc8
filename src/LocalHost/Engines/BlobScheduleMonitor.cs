using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Azure.WebJobs.Extensions.Timers;
using Microsoft.Azure.WebJobs.Host.Storage;

namespace Nanodet.Serverless.LocalHost.Engines;

/// <summary>
/// Keeps each timer's last and next run in the engines' own container, so that a run missed while the host was down is made up.
/// The monitor of the timer package needs a storage client that was retired.
/// </summary>
internal sealed class BlobScheduleMonitor(IAzureBlobStorageProvider storage, string hostId) : ScheduleMonitor
{
    public override async Task<ScheduleStatus?> GetStatusAsync(string timerName)
    {
        try
        {
            var content = await Blob(timerName).DownloadContentAsync();
            return content.Value.Content.ToObjectFromJson<ScheduleStatus>();
        }
        catch (Exception exception) when (exception is RequestFailedException { Status: 404 } or JsonException)
        {
            return null;
        }
    }

    public override async Task UpdateStatusAsync(string timerName, ScheduleStatus status)
    {
        var blob = Blob(timerName);
        try
        {
            await blob.UploadAsync(BinaryData.FromObjectAsJson(status), overwrite: true);
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == "ContainerNotFound")
        {
            await blob.GetParentBlobContainerClient().CreateIfNotExistsAsync();
            await blob.UploadAsync(BinaryData.FromObjectAsJson(status), overwrite: true);
        }
    }

    /// <summary>
    /// Says that nothing is due. The listener runs what is past due before its start is over, and the host would take no request until
    /// that has ended. Its next run stays in the past, so that it begins at once when the start is over.
    /// </summary>
    public override async Task<TimeSpan> CheckPastDueAsync(
        string timerName, DateTime now, TimerSchedule schedule, ScheduleStatus lastStatus)
    {
        await base.CheckPastDueAsync(timerName, now, schedule, lastStatus);
        return TimeSpan.Zero;
    }

    private BlobClient Blob(string timerName) => storage.TryCreateHostingBlobContainerClient(out var container)
        ? container.GetBlobClient($"timers/{hostId}/{timerName}/status")
        : throw new FunctionHostException("storage_missing", "AzureWebJobsStorage does not name a storage account that can be reached.");
}
