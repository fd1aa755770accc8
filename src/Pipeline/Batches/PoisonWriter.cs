using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Ends what could not be processed: failure records, and the messages themselves as dead letters.</summary>
public sealed class PoisonWriter
{
    /// <summary>Ends a message of <c>images-poison</c>: a failure record unless there is a record of that image, and a dead letter.</summary>
    public Task WriteImageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Ends a message of <c>batches-poison</c>: every image of the batch becomes a failure in its staging blob.</summary>
    /// <returns>The event to raise, so that the waiting orchestration finishes; null when the message names no batch.</returns>
    public Task<BatchDetected?> WriteBatchAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Ends a message of <c>events-poison</c>: a dead letter.</summary>
    public Task WriteEventAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) => throw new NotImplementedException();
}
