using Nanodet.Detection.Inference;

namespace Nanodet.Detection.Detectors;

/// <summary>The batches of one call: at most one open batch for each tensor shape, and those that are ready to run.</summary>
internal sealed class ShapeBatches(NanodetModel model, int maxBatchSize) : IDisposable
{
    private readonly Dictionary<(int Height, int Width), ShapeBatch> _open = [];
    private readonly Queue<ShapeBatch> _ready = [];

    /// <summary>Gives a task its slot.</summary>
    /// <param name="task">Its geometry decides the shape.</param>
    /// <param name="remaining">How many images the call may still bring, this one included: no tensor is larger.</param>
    internal void Assign(ImageTask task, int remaining)
    {
        var shape = (task.Geometry.TensorHeight, task.Geometry.TensorWidth);
        if (!_open.TryGetValue(shape, out var batch))
        {
            batch = new ShapeBatch(model.Rent(Math.Min(maxBatchSize, remaining), shape.TensorHeight, shape.TensorWidth));
            _open.Add(shape, batch);
        }

        batch.Add(task);
        if (batch.IsFull)
        {
            _open.Remove(shape);
            _ready.Enqueue(batch);
        }
    }

    /// <summary>Declares every open batch ready, however few images it has.</summary>
    internal void Close()
    {
        foreach (var batch in _open.Values)
        {
            _ready.Enqueue(batch);
        }

        _open.Clear();
    }

    /// <summary>Hands over the next ready batch; the caller disposes it.</summary>
    internal bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ShapeBatch? batch) => _ready.TryDequeue(out batch);

    /// <summary>Returns the tensors of batches that were never taken.</summary>
    public void Dispose()
    {
        Close();
        while (_ready.TryDequeue(out var batch))
        {
            batch.Dispose();
        }
    }
}
