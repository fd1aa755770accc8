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
    /// <summary>
    /// From this delivery on a message that has to wait goes back as a new one, or is left to whoever asks again: while it waits, another
    /// batch may end the process, and the host gives a message up after five deliveries (host.json, maxDequeueCount).
    /// </summary>
    public const int ManyDeliveries = 3;

    private const int RememberedBatches = 4096;

    private readonly BatchGate _gate = new();
    private readonly FinishedBatches _finished = new(RememberedBatches);
    private readonly WarmModel _model;
    private readonly BatchLists _lists;
    private readonly BatchStaging _staging;
    private readonly BatchDetection _detection;
    private readonly BatchMarks _marks;
    private readonly MessageQueues _queues;
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WorkerSlots _slots;

    /// <summary>A processor of batches.</summary>
    /// <param name="model">The warm model.</param>
    /// <param name="lists">Lists of batches.</param>
    /// <param name="staging">Staging blobs.</param>
    /// <param name="detection">Detects the images of a batch.</param>
    /// <param name="marks">Marks of begun batches.</param>
    /// <param name="queues">Takes a batch back.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public BatchProcessor(
        WarmModel model,
        BatchLists lists,
        BatchStaging staging,
        BatchDetection detection,
        BatchMarks marks,
        MessageQueues queues,
        IOptions<WorkerOptions> options,
        TimeProvider time,
        ILogger<BatchProcessor> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _model = model;
        _lists = lists;
        _staging = staging;
        _detection = detection;
        _marks = marks;
        _queues = queues;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _slots = new WorkerSlots(_options.ConcurrentBatches, time);
    }

    /// <summary>Detects a batch, unless that was done before.</summary>
    /// <param name="message">The batch.</param>
    /// <param name="deliveries">How often the queue has delivered this message, this time included; from 1.</param>
    /// <param name="cancellationToken">Ends the wait; the message has to come again.</param>
    /// <returns>
    /// The event to raise; null when there is none to raise, because the model is not ready, the machine lacks a library or memory, every
    /// slot stays taken, or another process works on the batch (the orchestration asks again); because the batch went back to the queue;
    /// or because it was finished and cleared away long ago.
    /// </returns>
    /// <exception cref="Azure.RequestFailedException">Storage failed for longer than its client retries.</exception>
    /// <exception cref="PipelineException">The batch's list is damaged.</exception>
    public async Task<BatchDetected?> ProcessAsync(BatchMessage message, long deliveries, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        var isAlone = false;
        while (true)
        {
            BatchMark? inTheWay;
            using (var turn = await WaitForTurnAsync(message, deliveries, isAlone, cancellationToken).ConfigureAwait(false))
            {
                if (turn is null)
                {
                    return null;
                }

                (var detected, inTheWay) = await ProcessInTurnAsync(message, isAlone, cancellationToken).ConfigureAwait(false);
                if (inTheWay is null)
                {
                    return detected;
                }
            }

            if (!inTheWay.State.IsUnderWay)
            {
                isAlone = true;
            }
            else if (await RenewAsync(message, deliveries, cancellationToken).ConfigureAwait(false)
                || !await _marks.IsFreeAsync(message, inTheWay, cancellationToken).ConfigureAwait(false))
            {
                return null;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    /// <summary>One delivery of a batch at a time, and as many batches as there are slots. Null when it was put back.</summary>
    private async Task<IDisposable?> WaitForTurnAsync(
        BatchMessage message, long deliveries, bool isAlone, CancellationToken cancellationToken)
    {
        var batchId = message.Batch.BatchId;
        if (await TakeTurnAsync(batchId, isAlone, TimeSpan.Zero, cancellationToken).ConfigureAwait(false) is { } turn)
        {
            return turn;
        }

        if (await RenewAsync(message, deliveries, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        turn = await TakeTurnAsync(batchId, isAlone, _options.SlotWait, cancellationToken).ConfigureAwait(false);
        if (turn is null)
        {
            Log.BatchWithoutSlot(_logger, batchId, message.Attempt, _options.SlotWait);
        }

        return turn;
    }

    private async Task<IDisposable?> TakeTurnAsync(string batchId, bool isAlone, TimeSpan wait, CancellationToken cancellationToken)
    {
        var begin = _time.GetTimestamp();
        var entered = await _gate.EnterAsync(batchId, wait, cancellationToken).ConfigureAwait(false);
        if (entered is null)
        {
            return null;
        }

        IDisposable? slots = null;
        try
        {
            var left = wait - _time.GetElapsedTime(begin);
            slots = await _slots.TakeAsync(isAlone, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            return slots is null ? null : new Turn(entered, slots);
        }
        finally
        {
            if (slots is null)
            {
                entered.Dispose();
            }
        }
    }

    /// <summary>Sends a message that came often again, as a new one; true when that was done.</summary>
    private async Task<bool> RenewAsync(BatchMessage message, long deliveries, CancellationToken cancellationToken)
    {
        if (deliveries < ManyDeliveries)
        {
            return false;
        }

        await _queues.SendBatchAsync(message, cancellationToken).ConfigureAwait(false);
        Log.BatchRenewed(_logger, message.Batch.BatchId, deliveries);
        return true;
    }

    private async Task<(BatchDetected? Detected, BatchMark? InTheWay)> ProcessInTurnAsync(
        BatchMessage message, bool isAlone, CancellationToken cancellationToken)
    {
        try
        {
            return await ProcessInSlotAsync(message, isAlone, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (EnvironmentFault.From(exception) is { } fault)
        {
            if (exception is not EnvironmentException)
            {
                // Nobody who knows the machine has met it yet.
                _model.ReportFault(fault);
            }

            Log.BatchLacksMachine(_logger, message.Batch.BatchId, message.Attempt, fault.Code, fault.Message);
            return (null, null);
        }
    }

    private async Task<(BatchDetected? Detected, BatchMark? InTheWay)> ProcessInSlotAsync(
        BatchMessage message, bool isAlone, CancellationToken cancellationToken)
    {
        var batch = message.Batch;
        PipelineTelemetry.RecordWait("batches", message.QueuedUtc, _time.GetUtcNow());
        var start = _time.GetTimestamp();
        using var activity = TraceContext.Start("nanodet.batch.detect", ActivityKind.Consumer, batch.Traceparent);
        if (await _staging.FindAsync(batch, cancellationToken).ConfigureAwait(false) is { } before)
        {
            Log.BatchStagedBefore(_logger, batch.BatchId);
            await _marks.ForgetAsync(batch, cancellationToken).ConfigureAwait(false);
            return (before, null);
        }

        if (await _lists.ReadAsync(batch, cancellationToken).ConfigureAwait(false) is not { } images)
        {
            Log.BatchGone(_logger, batch.BatchId);
            await _marks.ForgetAsync(batch, cancellationToken).ConfigureAwait(false);
            return (null, null);
        }

        using var lease = await _model.WaitAsync(_options.ReadyWait, cancellationToken).ConfigureAwait(false);
        if (lease is null)
        {
            var status = _model.Status;
            Log.BatchPutBack(_logger, batch.BatchId, message.Attempt, status.Code, status.Reason);
            return (null, null);
        }

        var (work, inTheWay) = await _marks.BeginAsync(batch, isAlone, cancellationToken).ConfigureAwait(false);
        if (work is null)
        {
            return (null, inTheWay);
        }

        await using var _ = work.ConfigureAwait(false);
        Describe(activity, batch, images);
        if (batch.Force && _finished.Contains(batch.BatchId))
        {
            // A late duplicate: what was forced is done. Its images are looked up as without force, and only what is lost is computed.
            Log.BatchForcedBefore(_logger, batch.BatchId);
            batch = batch with { Force = false };
        }

        if (await DetectAsync(message, batch, images, lease, work, cancellationToken).ConfigureAwait(false) is not { } detected)
        {
            return (null, work.HasToBeAlone ? new BatchMark(work.State with { IsUnderWay = false }, default, default) : null);
        }

        work.IsFinished = true;
        _finished.Add(batch.BatchId);
        var duration = _time.GetElapsedTime(start);
        PipelineTelemetry.BatchSize.Record(images.Count);
        PipelineTelemetry.BatchDuration.Record(duration.TotalSeconds);
        Log.BatchProcessed(
            _logger, batch.BatchId, detected.Detected, detected.Failed, detected.Skipped, duration.TotalMilliseconds);
        return (detected, null);
    }

    /// <summary>
    /// Null when a model that the batch needs is not there yet, or lost: it is not the batch's fault, and no dequeue count runs out. Null,
    /// too, when it has to be alone.
    /// </summary>
    private async Task<BatchDetected?> DetectAsync(
        BatchMessage message,
        BatchReference batch,
        IReadOnlyList<ImageMessage> images,
        ModelLease lease,
        BatchWork work,
        CancellationToken cancellationToken)
    {
        try
        {
            return await _detection.RunAsync(batch, images, lease, work, cancellationToken).ConfigureAwait(false);
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

    /// <summary>First the slots, then the gate: whoever waits at the gate finds a slot free.</summary>
    private sealed class Turn(IDisposable entered, IDisposable slots) : IDisposable
    {
        public void Dispose()
        {
            slots.Dispose();
            entered.Dispose();
        }
    }
}
