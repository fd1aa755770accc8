using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>The input of <see cref="ReportCheckpoint"/>.</summary>
/// <param name="Pair">The checkpoint and its config.</param>
/// <param name="Reason">What went wrong.</param>
public sealed record ReportCheckpointInput(CheckpointPair Pair, string Reason);
