using Microsoft.Extensions.Logging;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Pipeline.Telemetry;

/// <summary>Every message that this assembly logs.</summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "Containers and queues of account {Account} are there")]
    public static partial void StorageReady(ILogger logger, string account);

    [LoggerMessage(101, LogLevel.Warning, "Containers and queues cannot be created yet: {Reason}")]
    public static partial void StorageNotReady(ILogger logger, string reason);

    [LoggerMessage(110, LogLevel.Information, "Batch {BatchId}: {Count} images that waited together")]
    public static partial void GroupStarted(ILogger logger, string batchId, int count);

    [LoggerMessage(
        120, LogLevel.Information, "Batch {BatchId}: {Detected} detected, {Failed} failed, {Skipped} skipped in {Milliseconds:F0} ms")]
    public static partial void BatchProcessed(ILogger logger, string batchId, int detected, int failed, int skipped, double milliseconds);

    [LoggerMessage(121, LogLevel.Information, "Batch {BatchId} was processed before; its event is raised again")]
    public static partial void BatchStagedBefore(ILogger logger, string batchId);

    [LoggerMessage(122, LogLevel.Warning, "Batch {BatchId}, attempt {Attempt}, is put back: the model is not ready ({Code}: {Reason})")]
    public static partial void BatchPutBack(ILogger logger, string batchId, int attempt, string? code, string? reason);

    [LoggerMessage(123, LogLevel.Information, "Batch {BatchId} was finished and cleared away; nothing to do")]
    public static partial void BatchGone(ILogger logger, string batchId);

    [LoggerMessage(125, LogLevel.Warning, "Batch {BatchId}, attempt {Attempt}, is put back: the worker had no slot for it within {Wait}")]
    public static partial void BatchWithoutSlot(ILogger logger, string batchId, int attempt, TimeSpan wait);

    [LoggerMessage(126, LogLevel.Information, "Batch {BatchId} was forced and finished before; only what is missing is computed again")]
    public static partial void BatchForcedBefore(ILogger logger, string batchId);

    [LoggerMessage(
        133,
        LogLevel.Error,
        "Batch {BatchId}: the process that worked on it died (at hand: {Image}, alone: {IsAlone}); "
        + "it goes back to the queue, and its images run one by one")]
    public static partial void WorkerDied(ILogger logger, string batchId, string? image, bool isAlone);

    [LoggerMessage(134, LogLevel.Information, "Batch {BatchId}, attempt {Attempt}, is left to the process that works on it")]
    public static partial void BatchElsewhere(ILogger logger, string batchId, int attempt);

    [LoggerMessage(135, LogLevel.Warning, "Batch {BatchId}: its mark could not be written: {Reason}")]
    public static partial void MarkNotWritten(ILogger logger, string batchId, string reason);

    [LoggerMessage(
        136,
        LogLevel.Information,
        "Batch {BatchId}, delivered {Deliveries} times, has to wait: it goes back to the queue as a new message, so that the deaths "
        + "of other batches' processes do not count against it")]
    public static partial void BatchRenewed(ILogger logger, string batchId, long deliveries);

    [LoggerMessage(
        137, LogLevel.Warning, "Batch {BatchId}: {Count} of its {Images} images run one by one, because a process may have died of them")]
    public static partial void BatchOneByOne(ILogger logger, string batchId, int count, int images);

    [LoggerMessage(124, LogLevel.Warning, "Image {Container}/{Name} failed: {Code}: {Reason}")]
    public static partial void ImageFailed(ILogger logger, string? container, string name, string code, string reason);

    [LoggerMessage(130, LogLevel.Information, "Batch {BatchId}: its results were written and cleared away before")]
    public static partial void BatchWrittenBefore(ILogger logger, string batchId);

    [LoggerMessage(132, LogLevel.Information, "Batch {BatchId}: its orchestration had ended; its results were written without it")]
    public static partial void BatchWrittenLate(ILogger logger, string batchId);

    [LoggerMessage(131, LogLevel.Information, "Image {Container}/{Name}: a record of its own is there, {Code} does not replace it")]
    public static partial void RecordKept(ILogger logger, string? container, string name, string code);

    [LoggerMessage(
        138, LogLevel.Error, "Image {Container}/{Name} was skipped for a record that is not there any more: its job has no line for it")]
    public static partial void SkippedWithoutRecord(ILogger logger, string container, string name);

    [LoggerMessage(
        139, LogLevel.Error, "Image {Container}/{Name} was skipped for a record that cannot be read: its job has no line for it: {Reason}")]
    public static partial void SkippedRecordUnreadable(ILogger logger, string container, string name, string? reason);

    [LoggerMessage(142, LogLevel.Error, "Image {Container}/{Name}: storage refuses to write its record: {Reason}")]
    public static partial void RecordRefused(ILogger logger, string container, string name, string? reason);

    [LoggerMessage(140, LogLevel.Error, "A message of queue {Queue} became the dead letter {Blob}: {Problem}")]
    public static partial void DeadLetter(ILogger logger, string queue, string blob, string problem);

    [LoggerMessage(133, LogLevel.Warning, "Image {Container}/{Name} can have no record: {Problem}")]
    public static partial void RecordImpossible(ILogger logger, string container, string name, string problem);

    [LoggerMessage(141, LogLevel.Warning, "Image {Container}/{Name} cannot be looked up; its failure says what its message says")]
    public static partial void PoisonNotLookedUp(ILogger logger, string container, string name, Exception exception);

    [LoggerMessage(151, LogLevel.Warning, "Image {Container}/{Name} is left out: {Problem}")]
    public static partial void NameLeftOut(ILogger logger, string container, string name, string problem);

    [LoggerMessage(
        150,
        LogLevel.Information,
        "Reconciliation: {Examined} images examined, {Queued} without a record queued again, {Waiting} without a record wait in a queue")]
    public static partial void Reconciled(ILogger logger, long examined, long queued, long waiting);

    [LoggerMessage(
        151,
        LogLevel.Information,
        "Reconciliation stops at its limit ({MaxTime}, {MaxImages} images); the next run goes on there")]
    public static partial void ReconcileGoesOn(ILogger logger, TimeSpan maxTime, int maxImages);

    [LoggerMessage(152, LogLevel.Warning, "Reconciliation: {Blob} cannot be read; the sweep begins anew")]
    public static partial void ReconcileProgressUnreadable(ILogger logger, string blob, Exception exception);

    [LoggerMessage(160, LogLevel.Information, "Job {JobId}, page {Page}: {Count} images, {Filtered} left out")]
    public static partial void PageListed(ILogger logger, string jobId, int page, int count, int filtered);

    [LoggerMessage(
        161, LogLevel.Information, "Job {JobId} is {State}: {Discovered} found, {Detected} detected, {Failed} failed, {Skipped} skipped")]
    public static partial void JobEnded(
        ILogger logger, string jobId, string state, long discovered, long detected, long failed, long skipped);

    [LoggerMessage(162, LogLevel.Error, "Job {JobId} does not add up: {What}")]
    public static partial void JobInconsistent(ILogger logger, string jobId, string what);

    [LoggerMessage(
        163, LogLevel.Error, "Job {JobId}: results of it that wait in staging cannot all be written; they stay there")]
    public static partial void LateResultsLeft(ILogger logger, string jobId, Exception exception);

    [LoggerMessage(170, LogLevel.Information, "Model {Name} {Version} ({Sha256}) is ready on {Provider} after {Milliseconds:F0} ms")]
    public static partial void ModelReady(ILogger logger, string name, string version, string sha256, string provider, double milliseconds);

    [LoggerMessage(171, LogLevel.Error, "The model is not ready: {Code}: {Reason} Next try in {Pause}.")]
    public static partial void ModelNotReady(ILogger logger, string code, string reason, TimeSpan pause);

    [LoggerMessage(175, LogLevel.Error, "The published model does not serve, {Serving} goes on: {Code}: {Reason}")]
    public static partial void SwapRefused(ILogger logger, string serving, string code, string reason);

    [LoggerMessage(
        176, LogLevel.Information, "Model {Id} ({Sha256}), which a request names, is ready on {Provider} after {Milliseconds:F0} ms")]
    public static partial void OtherModelReady(ILogger logger, string id, string sha256, string provider, double milliseconds);

    [LoggerMessage(177, LogLevel.Information, "Model {Id} leaves the memory: {Reason}")]
    public static partial void OtherModelGone(ILogger logger, string id, string reason);

    [LoggerMessage(182, LogLevel.Information, "Runs of model {Name}: {Runs}")]
    public static partial void RunsChosen(ILogger logger, string name, RunMode runs);

    [LoggerMessage(185, LogLevel.Information, "Model {Name} serves as {Form}: {Reason}")]
    public static partial void FormChosen(ILogger logger, string name, string form, string reason);

    [LoggerMessage(183, LogLevel.Warning, "Batches go to the GPU from pageable memory, which takes longer: {Reason}")]
    public static partial void MemoryNotPinned(ILogger logger, string reason);

    [LoggerMessage(178, LogLevel.Error, "Model {Id}, which a request names, cannot be used: {Code}: {Reason}")]
    public static partial void OtherModelUnusable(ILogger logger, string id, string code, string reason);

    [LoggerMessage(
        127,
        LogLevel.Warning,
        "Batch {BatchId}, attempt {Attempt}, is put back: "
        + "no room yet for a model that it names, storage is away, or the GPU is lost ({Reason})")]
    public static partial void BatchWithoutModel(ILogger logger, string batchId, int attempt, string reason);

    [LoggerMessage(180, LogLevel.Information, "NVIDIA driver {Driver}, CUDA up to {Cuda}: memory and utilisation are measured")]
    public static partial void GpuDriver(ILogger logger, string? driver, Version? cuda);

    [LoggerMessage(181, LogLevel.Debug, "No instruments of a GPU: {Reason}")]
    public static partial void NoGpuDriver(ILogger logger, string reason);

    [LoggerMessage(172, LogLevel.Error, "The session of model {Sha256} is lost and is built again: {Reason}")]
    public static partial void SessionLost(ILogger logger, string sha256, string reason);

    [LoggerMessage(184, LogLevel.Error, "This machine cannot detect now: {Code}: {Reason} Batches wait until it can.")]
    public static partial void MachineLacks(ILogger logger, string code, string reason);

    [LoggerMessage(128, LogLevel.Warning, "Batch {BatchId}, attempt {Attempt}, is put back, none of its images failed: {Code}: {Reason}")]
    public static partial void BatchLacksMachine(ILogger logger, string batchId, int attempt, string code, string reason);

    [LoggerMessage(177, LogLevel.Information, "Model {Name} runs on {Lanes} lanes with up to {Images} images a run: {Reason}")]
    public static partial void BatchingChosen(ILogger logger, string name, int lanes, int images, string reason);

    [LoggerMessage(178, LogLevel.Information, "Optimised graph: {Use} {Note}")]
    public static partial void GraphOptimized(ILogger logger, OptimizedModelUse use, string? note);

    [LoggerMessage(179, LogLevel.Warning, "The optimised graph {Path} fails the parity fixture; it goes, and the model is optimised again")]
    public static partial void OptimizedGraphRefused(ILogger logger, string? path);

    [LoggerMessage(240, LogLevel.Information, "The end of job {JobId} was announced: {Channel}")]
    public static partial void JobEndAnnounced(ILogger logger, string jobId, string channel);

    [LoggerMessage(241, LogLevel.Warning, "The end of job {JobId} was not delivered ({Channel}); it is kept as {Blob}: {Problem}")]
    public static partial void JobEndNotDelivered(ILogger logger, string jobId, string channel, string blob, string problem);

    [LoggerMessage(242, LogLevel.Warning, "No picture of {Container}/{Name}: {Problem}")]
    public static partial void NoPicture(ILogger logger, string container, string name, string problem);
}
