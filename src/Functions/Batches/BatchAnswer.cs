using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>The answer of the activities of <see cref="DetectBatch"/>: one type that says what it is, see <see cref="Answers"/>.</summary>
/// <param name="Detected">The batch is finished and lies in staging; or null.</param>
/// <param name="Counts">The batch is written, and this came of its images; or null.</param>
public sealed record BatchAnswer(BatchDetected? Detected = null, BatchCounts? Counts = null);
