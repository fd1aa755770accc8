using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Batches;

/// <summary>Images that go together.</summary>
/// <param name="BatchId">32 hex digits that follow from the content.</param>
/// <param name="Images">At least one; one job and one set of options; none twice; in an order that follows from the content.</param>
public sealed record FormedBatch(string BatchId, IReadOnlyList<ImageMessage> Images);
