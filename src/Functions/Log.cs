using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Nanodet.Serverless.Functions;

/// <summary>Every line that the functions log.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "The blob {Name} is gone before it was queued.")]
    public static partial void UploadGone(ILogger logger, string name);

    [LoggerMessage(2, LogLevel.Warning, "An event was refused ({Code}): {Reason}")]
    public static partial void EventRefused(ILogger logger, string code, string reason);

    [LoggerMessage(13, LogLevel.Information, "An event means nothing: {Reason}")]
    public static partial void FolderLeftOut(ILogger logger, string reason);

    [LoggerMessage(14, LogLevel.Warning, "The upload {Container}/{Name} is left out: {Problem}")]
    public static partial void UploadLeftOut(ILogger logger, string container, string name, string problem);

    [LoggerMessage(3, LogLevel.Error, "Batch {BatchId} failed for good; its images are missing in the job's counts.")]
    public static partial void BatchLost(ILogger logger, string batchId, Exception exception);

    [LoggerMessage(4, LogLevel.Error, "Page {Page} failed for good; its images are missing in the job's counts.")]
    public static partial void PageLost(ILogger logger, int page, Exception exception);

    [LoggerMessage(5, LogLevel.Information, "The nightly job {JobId} was started.")]
    public static partial void NightlyStarted(ILogger logger, string jobId);

    [LoggerMessage(6, LogLevel.Warning, "{Line}")]
    public static partial void SettingRenamed(ILogger logger, string line);

    [LoggerMessage(7, LogLevel.Information, "The blob {Name} is neither a checkpoint nor a config and means nothing.")]
    public static partial void CheckpointIgnored(ILogger logger, string name);

    [LoggerMessage(
        8, LogLevel.Information, "Checkpoint {Stem} is published as {Name} {Version} ({Sha256}); largest difference {Difference:E1}.")]
    public static partial void CheckpointPublished(
        ILogger logger, string stem, string name, string version, string sha256, float difference);

    [LoggerMessage(9, LogLevel.Error, "Checkpoint {Stem} is refused ({Code}): {Reason}")]
    public static partial void CheckpointRefused(ILogger logger, string stem, string code, string reason);

    [LoggerMessage(10, LogLevel.Information, "Checkpoint {Stem} was overwritten or removed; what lies there now is looked at by itself.")]
    public static partial void CheckpointSuperseded(ILogger logger, string stem);

    [LoggerMessage(11, LogLevel.Information, "Checkpoint {Stem}: another publisher moved the pointer (try {Attempt}).")]
    public static partial void PointerMoved(ILogger logger, string stem, int attempt);

    [LoggerMessage(12, LogLevel.Information, "{Count} orchestrations that ended and are older than {Retention} were removed.")]
    public static partial void Purged(ILogger logger, long count, TimeSpan retention);

    [LoggerMessage(
        41, LogLevel.Information, "The removal of orchestrations ended after {MaxTime} or {MaxInstances} of them; the next run goes on.")]
    public static partial void PurgeGoesOn(ILogger logger, TimeSpan maxTime, int maxInstances);

    [LoggerMessage(17, LogLevel.Error, "The host at {Host} is gone; this worker ends.")]
    public static partial void HostGone(ILogger logger, Uri host);

    [LoggerMessage(
        18,
        LogLevel.Error,
        "{Setting} is not set: jobs and batches will fail with 'Webhooks are not configured'. Expected the app's host name, found none. "
        + "Set "
        + "it to the name and port at which the host listens, for example localhost:8080; the container image sets it.")]
    public static partial void HostNameMissing(ILogger logger, string setting);

    [LoggerMessage(
        15, LogLevel.Warning, "Batch {BatchId}: its orchestration takes no event now ({Detail}); it finds the results after its wait.")]
    public static partial void EventLeftToTheWait(ILogger logger, string batchId, string detail);

    [LoggerMessage(
        42,
        LogLevel.Warning,
        "Batch {BatchId} failed {Deliveries} times for want of storage or the durable engine; its orchestration queues it again.")]
    public static partial void BatchLeftToTheWait(ILogger logger, string batchId, long deliveries, Exception exception);

    [LoggerMessage(
        43,
        LogLevel.Warning,
        "A message of queue {Queue} failed {Deliveries} times for want of storage or the durable engine; it is queued again in {Pause}.")]
    public static partial void MessagePutBack(ILogger logger, string queue, long deliveries, TimeSpan pause, Exception exception);

    [LoggerMessage(19, LogLevel.Information, "Batch {BatchId} came again and was done meanwhile.")]
    public static partial void BatchDone(ILogger logger, string batchId);

    [LoggerMessage(20, LogLevel.Warning, "Batch {BatchId}, {Count} images, has a list and no orchestration: it is started again.")]
    public static partial void LostBatchStarted(ILogger logger, string batchId, int count);

    [LoggerMessage(21, LogLevel.Warning, "Whether batch {BatchId} was ever started cannot be told now; its list is looked at again.")]
    public static partial void LostBatchLeft(ILogger logger, string batchId, Exception exception);

    [LoggerMessage(22, LogLevel.Error, "Batch {BatchId}, {Count} images, ended as {Status} ({Reason}): it is started again.")]
    public static partial void FailedBatchStarted(
        ILogger logger, string batchId, int count, OrchestrationRuntimeStatus status, string reason);

    [LoggerMessage(
        23,
        LogLevel.Warning,
        "Batch {BatchId} was detected, and its results cannot be written now; they wait in staging until the next look.")]
    public static partial void LostEventLeft(ILogger logger, string batchId, Exception exception);

    [LoggerMessage(16, LogLevel.Warning, "The state of instance {Instance} cannot be read; it counts as under way.")]
    public static partial void InstanceUnreadable(ILogger logger, string instance, Exception exception);

    [LoggerMessage(40, LogLevel.Error, "The end of job {JobId} could not be announced, and not be kept either")]
    public static partial void JobEndLost(ILogger logger, string jobId, Exception exception);
}
