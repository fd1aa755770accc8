namespace Nanodet.Detection.Batching;

/// <summary>One request on its way through a batcher. Its answer is given once, whoever is first.</summary>
internal sealed class PendingRequest<TItem, TResult>(TItem item, long arrived)
{
    private readonly TaskCompletionSource<TResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal TItem Item { get; } = item;

    /// <summary>Timestamp of its arrival.</summary>
    internal long Arrived { get; } = arrived;

    internal Task<TResult> Answer => _answer.Task;

    internal bool IsAnswered => _answer.Task.IsCompleted;

    /// <summary>Its place in the queue; null once a lane has taken it.</summary>
    internal LinkedListNode<PendingRequest<TItem, TResult>>? Node { get; set; }

    /// <summary>The run that it is part of; null while no lane has taken it.</summary>
    internal LaneRun<TItem, TResult>? Run { get; set; }

    internal void Succeed(TResult result) => _answer.TrySetResult(result);

    internal void Fail(Exception exception) => _answer.TrySetException(exception);

    internal bool Cancel(CancellationToken cancellationToken) => _answer.TrySetCanceled(cancellationToken);
}
