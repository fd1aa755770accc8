using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>The worker's side of a batch: images in, one staging blob out.</summary>
public sealed class BatchProcessor
{
    /// <summary>Detects a batch, unless that was done before.</summary>
    /// <returns>
    /// The event to raise; null when there is none to raise, because the model is not ready (the orchestration asks again) or because
    /// the batch was finished and cleared away long ago.
    /// </returns>
    public Task<BatchDetected?> ProcessAsync(BatchMessage message, CancellationToken cancellationToken) => throw new NotImplementedException();
}
