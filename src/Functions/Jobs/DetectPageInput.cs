using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The input of <see cref="DetectPage"/>.</summary>
/// <param name="Page">The page's images, by reference; a batch is a part of the same list.</param>
/// <param name="BatchSize">Images in a batch.</param>
/// <param name="Waits">Waits and retries of its batches.</param>
public sealed record DetectPageInput(BatchReference Page, int BatchSize, Waits Waits);
