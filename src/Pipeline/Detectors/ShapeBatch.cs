using Nanodet.Serverless.Pipeline.Preprocessing;

namespace Nanodet.Serverless.Pipeline.Detectors;

/// <summary>Images of one tensor shape, gathered for one run.</summary>
internal sealed class ShapeBatch(int capacity, int height, int width) : IDisposable
{
    private readonly List<ImageTask> _tasks = new(capacity);

    internal BatchTensor Tensor { get; } = new(capacity, height, width);

    internal IReadOnlyList<ImageTask> Tasks => _tasks;

    internal bool IsFull => _tasks.Count == Tensor.Capacity;

    internal void Add(ImageTask task)
    {
        task.Batch = this;
        task.Slot = _tasks.Count;
        _tasks.Add(task);
    }

    /// <inheritdoc/>
    public void Dispose() => Tensor.Dispose();
}
