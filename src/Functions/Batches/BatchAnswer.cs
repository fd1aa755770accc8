using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Batches;

/// <summary>
/// The answer of the activities of <see cref="DetectBatch"/>, one type for all of them. A host that dies after it has handed out an
/// activity and before it has written that down does not know of it; the next host may hand out another one under the same number, because
/// it saw a timer before an event, and then receive the first one's answer. So an answer says what it is.
/// </summary>
/// <param name="Detected">The batch is finished and lies in staging; or null.</param>
/// <param name="Counts">The batch is written, and this came of its images; or null.</param>
public sealed record BatchAnswer(BatchDetected? Detected = null, BatchCounts? Counts = null);
