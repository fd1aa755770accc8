using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>The worker's side of a batch: images in, one staging blob out.</summary>
public sealed class BatchProcessor : IDisposable
{
    private const int RememberedBatches = 4096;

    private readonly FinishedBatches _finished = new(RememberedBatches);
    private readonly WarmModel _model;
    private readonly BatchLists _lists;
    private readonly BatchStaging _staging;
    private readonly BatchDetection _detection;
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _slots;

    /// <summary>A processor of batches.</summary>
    /// <param name="model">The warm model.</param>
    /// <param name="lists">Lists of batches.</param>
    /// <param name="staging">Staging blobs.</param>
    /// <param name="detection">Detects the images of a batch.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public BatchProcessor(
        WarmModel model,
        BatchLists lists,
        BatchStaging staging,
        BatchDetection detection,
        IOptions<WorkerOptions> options,
        TimeProvider time,
        ILogger<BatchProcessor> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _model = model;
        _lists = lists;
        _staging = staging;
        _detection = detection;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _slots = new SemaphoreSlim(_options.ConcurrentBatches);
    }

    /// <summary>Detects a batch, unless that was done before.</summary>
    /// <param name="message">The batch.</param>
    /// <param name="cancellationToken">Ends the wait; the message has to come again.</param>
    /// <returns>
    /// The event to raise; null when there is none to raise, because the model is not ready, the machine lacks a library or memory, or
    /// every slot stays taken (the orchestration asks again), or because the batch was finished and cleared away long ago.
    /// </returns>
    /// <exception cref="Azure.RequestFailedException">Storage failed for longer than its client retries.</exception>
    /// <exception cref="PipelineException">The batch's list is damaged.</exception>
    public async Task<BatchDetected?> ProcessAsync(BatchMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (!await _slots.WaitAsync(_options.SlotWait, cancellationToken).ConfigureAwait(false))
        {
            Log.BatchWithoutSlot(_logger, message.Batch.BatchId, message.Attempt, _options.SlotWait);
            return null;
        }

        try
        {
            return await ProcessInSlotAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (EnvironmentFault.From(exception) is { } fault)
        {
            if (exception is not EnvironmentException)
            {
                // Nobody who knows the machine has met it yet.
                _model.ReportFault(fault);
            }

            Log.BatchLacksMachine(_logger, message.Batch.BatchId, message.Attempt, fault.Code, fault.Message);
            return null;
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private async Task<BatchDetected?> ProcessInSlotAsync(BatchMessage message, CancellationToken cancellationToken)
    {
        var batch = message.Batch;
        PipelineTelemetry.RecordWait("batches", message.QueuedUtc, _time.GetUtcNow());
        var start = _time.GetTimestamp();
        using var activity = TraceContext.Start("nanodet.batch.detect", ActivityKind.Consumer, batch.Traceparent);
        if (await _staging.FindAsync(batch, cancellationToken).ConfigureAwait(false) is { } before)
        {
            Log.BatchStagedBefore(_logger, batch.BatchId);
            return before;
        }

        if (await _lists.ReadAsync(batch, cancellationToken).ConfigureAwait(false) is not { } images)
        {
            Log.BatchGone(_logger, batch.BatchId);
            return null;
        }

        using var lease = await _model.WaitAsync(_options.ReadyWait, cancellationToken).ConfigureAwait(false);
        if (lease is null)
        {
            var status = _model.Status;
            Log.BatchPutBack(_logger, batch.BatchId, message.Attempt, status.Code, status.Reason);
            return null;
        }

        Describe(activity, batch, images);
        if (batch.Force && _finished.Contains(batch.BatchId))
        {
            // A late duplicate: what was forced is done. Its images are looked up as without force, and only what is lost is computed.
            Log.BatchForcedBefore(_logger, batch.BatchId);
            batch = batch with { Force = false };
        }

        if (await DetectAsync(message, batch, images, lease, cancellationToken).ConfigureAwait(false) is not { } detected)
        {
            return null;
        }

        _finished.Add(batch.BatchId);
        var duration = _time.GetElapsedTime(start);
        PipelineTelemetry.BatchSize.Record(images.Count);
        PipelineTelemetry.BatchDuration.Record(duration.TotalSeconds);
        Log.BatchProcessed(
            _logger, batch.BatchId, detected.Detected, detected.Failed, detected.Skipped, duration.TotalMilliseconds);
        return detected;
    }

    /// <summary>
    /// Null when a model that the batch needs is not there yet, or lost: it is not the batch's fault, and no dequeue count runs out.
    /// </summary>
    private async Task<BatchDetected?> DetectAsync(
        BatchMessage message,
        BatchReference batch,
        IReadOnlyList<ImageMessage> images,
        ModelLease lease,
        CancellationToken cancellationToken)
    {
        try
        {
            return await _detection.RunAsync(batch, images, lease, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (
            exception is ModelLoadException
            {
                Code: ModelErrorCodes.Busy or ModelErrorCodes.StorageUnavailable or ModelErrorCodes.SessionLost
            }
            || (exception is OnnxRuntimeException or GpuException && SessionFault.IsLost(exception)))
        {
            Log.BatchWithoutModel(_logger, batch.BatchId, message.Attempt, exception.Message);
            return null;
        }
    }

    /// <summary>A batch has many parents: the traces of its images become links.</summary>
    private static void Describe(Activity? activity, BatchReference batch, IReadOnlyList<ImageMessage> images)
    {
        if (activity is null)
        {
            return;
        }

        activity.SetTag("nanodet.batch.id", batch.BatchId);
        activity.SetTag("nanodet.batch.size", images.Count);
        TraceContext.Link(activity, images.Select(image => image.Traceparent));
    }
}
