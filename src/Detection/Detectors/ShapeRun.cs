using Nanodet.Detection.Inference;

namespace Nanodet.Detection.Detectors;

/// <summary>Images of one tensor shape, gathered for one run.</summary>
/// <param name="tensor">Where they are written; disposed here.</param>
internal sealed class ShapeRun(RunTensor tensor) : IDisposable
{
    private readonly List<ImageTask> _tasks = new(tensor.Capacity);

    internal RunTensor Tensor { get; } = tensor;

    internal IReadOnlyList<ImageTask> Tasks => _tasks;

    internal bool IsFull => _tasks.Count == Tensor.Capacity;

    internal void Add(ImageTask task)
    {
        task.Run = this;
        task.Slot = _tasks.Count;
        _tasks.Add(task);
    }

    /// <inheritdoc/>
    public void Dispose() => Tensor.Dispose();
}
