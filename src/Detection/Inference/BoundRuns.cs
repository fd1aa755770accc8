using System.Collections.Concurrent;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;

namespace Nanodet.Detection.Inference;

/// <summary>
/// One run at a time, in order of arrival, from and into memory that was set aside: for a session on a GPU. What the callers do before and
/// after a run overlaps it, and so does the copy of the next input to the GPU where <see cref="RunMode.Ahead"/> says so.
/// See docs/decisions/0022-one-run-at-a-time-on-a-gpu.md.
/// </summary>
internal sealed class BoundRuns : IModelRuns
{
    private static readonly string[] Inputs = [ModelSignature.InputName];
    private static readonly string[] Outputs = [ModelSignature.OutputName];

    private readonly InferenceSession _session;
    private readonly ModelDescription _description;
    private readonly HostMemory _memory;
    private readonly bool _copiesAhead;
    private readonly Action<Action>? _probe;
    private readonly HostBlocks _inputBlocks;
    private readonly HostBlocks _outputBlocks;
    private readonly RunOptions _options = new();
    private readonly RunGate _gate = new();
    private readonly ConcurrentStack<OrtIoBinding> _bindings = new();

    private BoundRuns(
        InferenceSession session,
        ModelDescription description,
        HostMemory memory,
        bool copiesAhead,
        Action<Action>? probe,
        string? note)
    {
        _session = session;
        _description = description;
        _memory = memory;
        _copiesAhead = copiesAhead;
        _probe = probe;
        _inputBlocks = new HostBlocks(memory.Allocate);
        _outputBlocks = new HostBlocks(memory.Allocate);
        Mode = new RunMode(
            RunMode.OneAtATime,
            memory.IsPinned ? RunMode.Pinned : RunMode.Pageable,
            copiesAhead ? RunMode.Ahead : RunMode.InTheRun,
            note ?? memory.Note);
    }

    /// <inheritdoc/>
    public RunMode Mode { get; }

    /// <summary>Runs that wait for their turn.</summary>
    internal int Waiting => _gate.Waiting;

    /// <summary>Blocks of memory that exist, and their bytes.</summary>
    internal (int Count, long Bytes) Blocks => (_inputBlocks.Count + _outputBlocks.Count, _inputBlocks.Bytes + _outputBlocks.Bytes);

    /// <summary>
    /// Opens a session for such runs, and makes one whose output may have any shape: later ones are written into a known one.
    /// </summary>
    /// <param name="session">The session; belongs to the caller.</param>
    /// <param name="description">What the model is.</param>
    /// <param name="memory">Where the tensors lie; belongs to what is returned, and is let go when that fails.</param>
    /// <param name="copiesAhead">
    /// Whether binding an input only begins its copy, and <see cref="OrtIoBinding.SynchronizeBoundInputs"/> waits for it.
    /// </param>
    /// <param name="probe">Makes the run that it is given, when that has its turn; null to just make it.</param>
    /// <param name="note">What is to be said about this way; null for nothing.</param>
    /// <exception cref="ModelLoadException">The output is not what the description promises.</exception>
    /// <exception cref="OnnxRuntimeException">The run failed.</exception>
    internal static BoundRuns Open(
        InferenceSession session,
        ModelDescription description,
        HostMemory memory,
        bool copiesAhead,
        Action<Action>? probe = null,
        string? note = null)
    {
        var runs = new BoundRuns(session, description, memory, copiesAhead, probe, note);
        try
        {
            runs.CheckOutput();
            return runs;
        }
        catch
        {
            runs.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public RunTensor Rent(int capacity, int height, int width, Action release) =>
        new BlockTensor(_inputBlocks, capacity, height, width, release);

    /// <inheritdoc/>
    public ModelOutput Run(RunTensor input, int count, Action release)
    {
        var points = _description.PointCount(input.Height, input.Width);
        var columns = _description.Columns;
        var block = _outputBlocks.Rent((long)count * points * columns * sizeof(float));
        try
        {
            using var from = input.AsOrtValue(count);
            using var to = block.AsOrtValue([count, points, columns]);
            if (_copiesAhead)
            {
                RunBound(from, to);
            }
            else
            {
                InTurn(() => _session.Run(_options, Inputs, [from], Outputs, [to]));
            }

            return new BlockOutput(_outputBlocks, block, count, points, columns, release);
        }
        catch
        {
            _outputBlocks.Return(block);
            throw;
        }
    }

    /// <summary>Frees the memory; no run may be under way, and no tensor or output in use.</summary>
    public void Dispose()
    {
        while (_bindings.TryPop(out var binding))
        {
            binding.Dispose();
        }

        _inputBlocks.Dispose();
        _outputBlocks.Dispose();
        _options.Dispose();
        _memory.Dispose();
    }

    /// <summary>
    /// Begins the copy to the GPU, waits for the turn, then for the copy, and runs. Waiting means the whole device: outside of the turn it
    /// would mean another's run, too.
    /// </summary>
    private void RunBound(OrtValue from, OrtValue to)
    {
        if (!_bindings.TryPop(out var binding))
        {
            binding = _session.CreateIoBinding();
        }

        try
        {
            binding.BindInput(ModelSignature.InputName, from);
            binding.BindOutput(ModelSignature.OutputName, to);
            InTurn(() =>
            {
                binding.SynchronizeBoundInputs();
                _session.RunWithBinding(_options, binding);
                binding.SynchronizeBoundOutputs();
            });

            // The copy on the GPU goes now, and not with the next batch.
            binding.ClearBoundInputs();
            binding.ClearBoundOutputs();
        }
        catch
        {
            binding.Dispose();
            throw;
        }

        _bindings.Push(binding);
    }

    private void InTurn(Action run)
    {
        _gate.Enter();
        try
        {
            if (_probe is null)
            {
                run();
            }
            else
            {
                _probe(run);
            }
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void CheckOutput()
    {
        var (height, width) = ModelInput.ShapeOf(_description.Input);
        using var tensor = Rent(1, height, width, static () => { });
        tensor.Image(0).Clear();
        using var input = tensor.AsOrtValue(1);
        using var values = _session.Run(_options, Inputs, [input], Outputs);
        ModelSignature.ValidateOutput(_description, [1, 3, height, width], values[0].GetTensorTypeAndShape().Shape);
    }
}
