using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Grouping;

/// <summary>Images that wait together.</summary>
internal sealed class ImageGroup(
    (string? JobId, DetectionRequestOptions? Options) key,
    Func<BatchReference, CancellationToken, Task> start)
{
    internal (string? JobId, DetectionRequestOptions? Options) Key { get; } = key;

    internal Func<BatchReference, CancellationToken, Task> Start { get; } = start;

    internal List<ImageMessage> Images { get; } = [];

    /// <summary>Nobody else is let in.</summary>
    internal TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The batch was started, or could not be.</summary>
    internal TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
