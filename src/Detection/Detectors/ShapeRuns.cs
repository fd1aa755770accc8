using System.Diagnostics.CodeAnalysis;
using Nanodet.Detection.Inference;

namespace Nanodet.Detection.Detectors;

/// <summary>The runs of one call: at most one open run for each tensor shape, and those that are ready.</summary>
internal sealed class ShapeRuns(NanodetModel model, int maxRunSize) : IDisposable
{
    private readonly Dictionary<(int Height, int Width), ShapeRun> _open = [];
    private readonly Queue<ShapeRun> _ready = [];

    /// <summary>Whether <see cref="TryTake"/> has a run to give.</summary>
    internal bool HasReady => _ready.Count > 0;

    /// <summary>Gives a task its slot.</summary>
    /// <param name="task">Its geometry decides the shape.</param>
    /// <param name="remaining">How many images the call may still bring, this one included: no tensor is larger.</param>
    internal void Assign(ImageTask task, int remaining)
    {
        var shape = (task.Geometry.TensorHeight, task.Geometry.TensorWidth);
        if (!_open.TryGetValue(shape, out var run))
        {
            run = new ShapeRun(model.Rent(Math.Min(maxRunSize, remaining), shape.TensorHeight, shape.TensorWidth));
            _open.Add(shape, run);
        }

        run.Add(task);
        if (run.IsFull)
        {
            _open.Remove(shape);
            _ready.Enqueue(run);
        }
    }

    /// <summary>Declares every open run ready, however few images it has.</summary>
    internal void Close()
    {
        foreach (var run in _open.Values)
        {
            _ready.Enqueue(run);
        }

        _open.Clear();
    }

    /// <summary>Hands over the next ready run; the caller disposes it.</summary>
    internal bool TryTake([NotNullWhen(true)] out ShapeRun? run) => _ready.TryDequeue(out run);

    /// <summary>Returns the tensors of runs that were never taken.</summary>
    public void Dispose()
    {
        Close();
        while (_ready.TryDequeue(out var run))
        {
            run.Dispose();
        }
    }
}
