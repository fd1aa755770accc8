using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>The input of <see cref="DetectBatch"/>.</summary>
/// <param name="Batch">The images, by reference.</param>
/// <param name="Waits">How long to wait, and how often to try: settings of the start, so that a replay sees the same.</param>
/// <param name="Round">How often the batch was queued before this generation of the instance.</param>
public sealed record DetectBatchInput(BatchReference Batch, Waits Waits, int Round = 0);
