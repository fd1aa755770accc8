using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>The input of <see cref="PublishModel"/>.</summary>
/// <param name="Pair">The checkpoint and its config, by reference; one of them may be missing.</param>
/// <param name="Grace">How long to wait for the missing one.</param>
/// <param name="Waits">How activities are retried.</param>
public sealed record PublishModelInput(CheckpointPair Pair, TimeSpan Grace, Waits Waits);
