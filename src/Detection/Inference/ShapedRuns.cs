using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;

namespace Nanodet.Detection.Inference;

/// <summary>
/// Runs of fixed shapes, each by a session of its own: for a GPU, whose plans hold for one shape and take seconds to make. Requests are cut
/// and padded to the sizes that are there (<see cref="RunLadder"/>). More sizes are made in the background when they are asked for often,
/// or when somebody is going to (<see cref="Prepare"/>); one that no request gains by goes again. A shape that nobody asked for before is
/// made when somebody does; <see cref="IsReady"/> tells who would have to wait.
/// See docs/decisions/0022-one-run-at-a-time-on-a-gpu.md.
/// </summary>
internal sealed class ShapedRuns : IModelRuns
{
    private readonly ModelDescription _description;
    private readonly HostMemory _memory;
    private readonly ShapedRunsOptions _options;
    private readonly Func<RunTensorShape, ShapeStep, IShapeSession> _open;
    private readonly HostBlocks _inputBlocks;
    private readonly HostBlocks _outputBlocks;
    private readonly ConcurrentDictionary<RunShape, ShapeSet> _sets = new();
    private readonly ShapeBuilder _builder;
    private readonly IDisposable? _owned;

    private ShapedRuns(
        ModelDescription description,
        HostMemory memory,
        ShapedRunsOptions options,
        Func<RunTensorShape, ShapeStep, IShapeSession> open,
        IDisposable? owned)
    {
        _description = description;
        _memory = memory;
        _options = options;
        _open = open;
        _owned = owned;
        _inputBlocks = new HostBlocks(memory.Allocate, HostBlocks.MostIdleBytes / 2);
        _outputBlocks = new HostBlocks(memory.Allocate, HostBlocks.MostIdleBytes / 2);
        _builder = new ShapeBuilder(options.Builders);
        Mode = new RunMode(RunMode.OneAtATime, memory.IsPinned ? RunMode.Pinned : RunMode.Pageable, RunMode.Ahead, memory.Note);
    }

    /// <inheritdoc/>
    public event Action? ReadyChanged;

    /// <inheritdoc/>
    public RunMode Mode { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ShapeStatus> Shapes =>
        [.. _sets.Values.SelectMany(set => set.Status).OrderBy(shape => (shape.Height, shape.Width, shape.RunSize))];

    /// <inheritdoc/>
    public bool IsSettled => _sets.Values.All(set => set.IsSettled);

    /// <summary>Makes the smallest size of the model's own shape; the others follow in the background.</summary>
    /// <param name="description">What the model is.</param>
    /// <param name="memory">Where tensors lie; belongs to what is returned, and is let go when that fails.</param>
    /// <param name="options">Which sizes, and how many are made at a time.</param>
    /// <param name="open">Makes a session for a shape, warmed. Called on several threads.</param>
    /// <param name="owned">Disposed after the last session; null for nothing.</param>
    /// <exception cref="OnnxRuntimeException">The run failed, or its output is not what the description promises.</exception>
    internal static ShapedRuns Open(
        ModelDescription description,
        HostMemory memory,
        ShapedRunsOptions options,
        Func<RunTensorShape, ShapeStep, IShapeSession> open,
        IDisposable? owned = null)
    {
        var runs = new ShapedRuns(description, memory, options, open, owned);
        try
        {
            var (height, width) = ModelInput.ShapeOf(description.Input);
            runs.SetOf(height, width).WaitUntilReady();
            return runs;
        }
        catch
        {
            runs.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void MeasureShapes(TimeSpan atLeast)
    {
        foreach (var set in _sets.Values)
        {
            set.Measure(atLeast);
        }
    }

    /// <inheritdoc/>
    public bool IsReady(int height, int width) => SetOf(height, width).IsReady;

    /// <inheritdoc/>
    public void Prepare()
    {
        if (!_description.Input.KeepRatio)
        {
            var (height, width) = ModelInput.ShapeOf(_description.Input);
            SetOf(height, width).MakeAll();
        }
    }

    /// <inheritdoc/>
    public RunTensor Rent(int capacity, int height, int width, Action release)
    {
        // Whoever writes images meanwhile does not wait for the plans.
        _ = SetOf(height, width);
        return new BlockTensor(_inputBlocks, capacity, height, width, release);
    }

    /// <inheritdoc/>
    public ModelOutput Run(RunTensor input, int count, Action release)
    {
        var points = _description.PointCount(input.Height, input.Width);
        var columns = _description.Columns;
        var set = SetOf(input.Height, input.Width);
        set.WaitUntilReady();
        var block = _outputBlocks.Rent((long)count * points * columns * sizeof(float));
        try
        {
            var imageLength = input.Image(0).Length;
            set.Run(count, (session, first, images) => session.Run(
                MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetReference(input.Image(first)), images * imageLength),
                block.Floats((long)first * points * columns, images * points * columns)));

            return new BlockOutput(_outputBlocks, block, count, points, columns, release);
        }
        catch
        {
            _outputBlocks.Return(block);
            throw;
        }
    }

    /// <summary>
    /// Ends what is made in the background, then frees everything; no run may be under way, and no tensor or output in use.
    /// </summary>
    public void Dispose()
    {
        _builder.Dispose();
        foreach (var set in _sets.Values)
        {
            set.Dispose();
        }

        _inputBlocks.Dispose();
        _outputBlocks.Dispose();
        _memory.Dispose();
        _owned?.Dispose();
    }

    private ShapeSet SetOf(int height, int width)
    {
        var set = _sets.GetOrAdd(new RunShape(height, width), shape => new ShapeSet(
            shape,
            _options,
            step => _open(
                new RunTensorShape(
                    step.Size, shape.Height, shape.Width, _description.PointCount(shape.Height, shape.Width), _description.Columns),
                step),
            _builder,
            () => ReadyChanged?.Invoke()));
        set.Begin();
        return set;
    }
}
