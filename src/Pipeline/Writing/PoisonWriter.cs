using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;
using Nanodet.Serverless.Pipeline.Workers;

namespace Nanodet.Serverless.Pipeline.Writing;

/// <summary>Ends what could not be processed: failure records, and the messages themselves as dead letters.</summary>
public sealed class PoisonWriter
{
    private readonly StorageClients _clients;
    private readonly BatchLists _lists;
    private readonly BatchStaging _staging;
    private readonly ResultRecords _records;
    private readonly ImageSource _source;
    private readonly StorageOptions _names;
    private readonly LogOptions _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>A writer of what failed for good.</summary>
    /// <param name="clients">The account.</param>
    /// <param name="lists">Lists of batches.</param>
    /// <param name="staging">Staging blobs.</param>
    /// <param name="records">Records of images.</param>
    /// <param name="source">Reads images.</param>
    /// <param name="names">Names of containers and queues.</param>
    /// <param name="log">Where the log is kept.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public PoisonWriter(
        StorageClients clients,
        BatchLists lists,
        BatchStaging staging,
        ResultRecords records,
        ImageSource source,
        IOptions<StorageOptions> names,
        IOptions<LogOptions> log,
        TimeProvider time,
        ILogger<PoisonWriter> logger)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(log);
        _clients = clients;
        _lists = lists;
        _staging = staging;
        _records = records;
        _source = source;
        _names = names.Value;
        _log = log.Value;
        _time = time;
        _logger = logger;
    }

    /// <summary>Ends a message of <c>images-poison</c>: a dead letter, and a failure record unless the image has a record.</summary>
    /// <param name="message">The message's text.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WriteImageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        ImageMessage image;
        try
        {
            image = MessageReader.ReadImage(message);
        }
        catch (PipelineException exception)
        {
            await RefuseImageAsync(message, exception, cancellationToken).ConfigureAwait(false);
            return;
        }

        // First the dead letter: whatever becomes of the record, the message is kept.
        await WriteDeadLetterAsync(_names.ImageQueue, message, problem: null, cancellationToken).ConfigureAwait(false);
        await RecordAsync(image, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends a message of queue <c>images</c> that cannot be read: a dead letter that says why, and a failure record where the message names
    /// an image that has none. A newer app's message is not its image's fault, and leaves no record.
    /// </summary>
    /// <param name="message">The message's text.</param>
    /// <param name="problem">What <see cref="MessageReader.ReadImage"/> said.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task RefuseImageAsync(ReadOnlyMemory<byte> message, PipelineException problem, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(problem);
        await WriteDeadLetterAsync(_names.ImageQueue, message, problem.Message, cancellationToken).ConfigureAwait(false);
        if (problem.Code != PipelineErrorCodes.UnsupportedVersion)
        {
            await RecordAsync(MessageReader.Salvage(message) with { Problem = problem.Message }, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends a message of <c>batches-poison</c>: every image of the batch becomes a failure in its staging blob.</summary>
    /// <param name="message">The message's text.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The event to raise, so that the waiting orchestration finishes; null when the message names no batch.</returns>
    public async Task<BatchDetected?> WriteBatchAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        string? problem = null;
        BatchDetected? detected = null;
        try
        {
            var batch = MessageReader.ReadBatch(message).Batch;
            detected = await _staging.FindAsync(batch, cancellationToken).ConfigureAwait(false);
            if (detected is null)
            {
                IReadOnlyList<ImageMessage>? images;
                try
                {
                    images = await _lists.ReadAsync(batch, cancellationToken).ConfigureAwait(false);
                }
                catch (PipelineException exception)
                {
                    // The orchestration would queue the batch for ever: it ends with what the list still names, be it nothing.
                    problem = exception.Message;
                    images = await _lists.ReadWhatIsLeftAsync(batch, cancellationToken).ConfigureAwait(false);
                }

                detected = images is null ? null : await StageAsync(batch, images, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (PipelineException exception)
        {
            problem = exception.Message;
        }

        await WriteDeadLetterAsync(_names.BatchQueue, message, problem, cancellationToken).ConfigureAwait(false);
        return detected;
    }

    /// <summary>Ends a message of queue <c>events</c> or <c>events-poison</c>: a dead letter.</summary>
    /// <param name="message">The message's text.</param>
    /// <param name="problem">Why it was refused; null when it failed as often as the queue allows.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WriteEventAsync(ReadOnlyMemory<byte> message, string? problem, CancellationToken cancellationToken) =>
        WriteDeadLetterAsync(_names.EventQueue, message, problem, cancellationToken);

    /// <summary>Ends a message about a blob that its trigger gave up and that names none: a dead letter.</summary>
    /// <param name="queue">The queue that it came from.</param>
    /// <param name="message">The message's text.</param>
    /// <param name="problem">Why it cannot be read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WriteUploadAsync(string queue, ReadOnlyMemory<byte> message, string problem, CancellationToken cancellationToken) =>
        WriteDeadLetterAsync(queue, message, problem, cancellationToken);

    private async Task RecordAsync(ImageMessage image, CancellationToken cancellationToken)
    {
        if (_names.IsImageContainer(image.Container))
        {
            var staged = await FailAsync(image, image.JobId, _names.ImageQueue, cancellationToken).ConfigureAwait(false);
            await _records.WriteAsync(staged, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<BatchDetected> StageAsync(
        BatchReference batch, IReadOnlyList<ImageMessage> images, CancellationToken cancellationToken)
    {
        var failures = new List<StagedImage>(images.Count);
        foreach (var image in images)
        {
            failures.Add(await FailAsync(
                image, batch.JobId ?? image.JobId, _names.BatchQueue, cancellationToken).ConfigureAwait(false));
        }

        return await _staging.WriteAsync(batch, failures, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The record has to name the content that it is about, or the reconciliation would take the image for lost.</summary>
    private async Task<StagedImage> FailAsync(ImageMessage message, string? jobId, string queue, CancellationToken cancellationToken)
    {
        var image = new BatchImage(message);
        var error = await LookUpAsync(image, cancellationToken).ConfigureAwait(false) ?? new DetectionError(
            FailureCodes.Poison,
            $"Expected the message of queue '{queue}' to be processed; it failed as often as the queue allows. "
            + $"The cause is in the app's log ({_log.Location}), the message among the dead letters in container '{_names.Staging}'.");
        image.Finish(DetectionResult.CreateFailure(error, image.ToReference(), _time.GetUtcNow(), jobId));
        return image.Outcome!;
    }

    /// <summary>What broke the message must not break its end: without an answer the record says what the message says.</summary>
    private async Task<DetectionError?> LookUpAsync(BatchImage image, CancellationToken cancellationToken)
    {
        try
        {
            return await _source.LookUpAsync(image, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!StorageFailure.IsCancellation(exception, cancellationToken))
        {
            Log.PoisonNotLookedUp(_logger, BlobNames.Show(image.Message.Container), BlobNames.Show(image.Message.Name), exception);
            return null;
        }
    }

    private async Task WriteDeadLetterAsync(
        string queue,
        ReadOnlyMemory<byte> message,
        string? problem,
        CancellationToken cancellationToken)
    {
        var letter = new DeadLetter(queue, _time.GetUtcNow(), problem, MessageBody.Show(message));
        var name = $"dead-letters/{queue}/{Convert.ToHexStringLower(SHA256.HashData(message.Span).AsSpan(0, 16))}.json";
        await NdjsonLines.TryCreateAsync(
            _clients.Staging.GetBlobClient(name),
            JsonSerializer.SerializeToUtf8Bytes(letter, StagingJson.Default.DeadLetter),
            metadata: null,
            cancellationToken).ConfigureAwait(false);
        Log.DeadLetter(_logger, queue, name, problem ?? "It failed as often as the queue allows; the cause stands before this line.");
    }
}
