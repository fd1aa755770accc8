using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Inference;

/// <summary>
/// How the runs of one session are made, and where their tensors lie. The session belongs to somebody else, and has to outlive this: memory
/// of it is held here. Safe to call from several threads at once.
/// </summary>
internal interface IModelRuns : IDisposable
{
    /// <summary>What is done, in words.</summary>
    RunMode Mode { get; }

    /// <summary>Told when a shape has become ready, or cannot.</summary>
    event Action? ReadyChanged
    {
        add { }
        remove { }
    }

    /// <summary>The shapes that runs are ready for; empty where any shape is.</summary>
    IReadOnlyList<ShapeStatus> Shapes => [];

    /// <summary>Makes ready, in the background, whatever many requests are going to ask for.</summary>
    void Prepare()
    {
    }

    /// <summary>Whether nothing is being made ready in the background.</summary>
    bool IsSettled => true;

    /// <summary>Measures what runs of <see cref="Shapes"/> take again, for longer; nothing may be made ready meanwhile.</summary>
    /// <param name="atLeast">How long each is measured.</param>
    void MeasureShapes(TimeSpan atLeast)
    {
    }

    /// <summary>Whether a run of a shape begins without making something ready first; where it does not, that is begun now.</summary>
    bool IsReady(int height, int width) => true;

    /// <summary>A tensor for a run, in the memory that the run reads it from.</summary>
    /// <param name="capacity">The most images.</param>
    /// <param name="height">Rows, in pixels.</param>
    /// <param name="width">Columns, in pixels.</param>
    /// <param name="release">Called when the tensor was disposed.</param>
    /// <exception cref="OnnxRuntimeException">There is not enough memory.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    RunTensor Rent(int capacity, int height, int width, Action release);

    /// <summary>Runs the graph on the first images of a tensor, and returns when the output is there.</summary>
    /// <param name="input">What to run.</param>
    /// <param name="count">How many of its images.</param>
    /// <param name="release">Called when the output was disposed; not called when the run fails.</param>
    /// <exception cref="OnnxRuntimeException">The run failed.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory for the output.</exception>
    ModelOutput Run(RunTensor input, int count, Action release);
}
