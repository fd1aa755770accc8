using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>The input of <see cref="WriteDetections"/>.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Detected">Where its results are.</param>
public sealed record WriteDetectionsInput(BatchReference Batch, BatchDetected Detected);
