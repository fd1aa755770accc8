using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Inference;

/// <summary>
/// A session on CUDA for one shape and size: its input and output lie at fixed addresses of the GPU, so that its runs can be captured as a
/// CUDA graph. There are two such pairs, so that one request copies while another runs.
/// </summary>
internal sealed unsafe class CudaShapeSession : IShapeSession
{
    private const int Pairs = 2;
    private const int MeasuredRuns = 5;
    private const string GraphId = "gpu_graph_id";
    private const string NoGraph = "-1";

    private readonly InferenceSession _session;
    private readonly DeviceThread _thread;
    private readonly CudaRuntime _cuda;
    private readonly int _device;
    private readonly OrtAllocator _allocator;
    private readonly OrtMemoryInfo _memory;
    private readonly RunOptions _plain = new();
    private readonly List<Pair> _all = [];
    private readonly Stack<Pair> _free = new();
    private readonly SemaphoreSlim _places = new(0);
    private bool _mayCapture;

    /// <summary>Takes over a session, and has it make its plans by a run.</summary>
    /// <param name="session">The session; disposed here, also when this fails.</param>
    /// <param name="shape">Input and output of a run.</param>
    /// <param name="thread">Where runs are made.</param>
    /// <param name="cuda">Makes the copies.</param>
    /// <param name="device">The GPU, in the driver's order.</param>
    /// <param name="mayCapture">Whether the session was made for captured runs.</param>
    /// <exception cref="OnnxRuntimeException">The run failed, or there is not enough memory.</exception>
    internal CudaShapeSession(
        InferenceSession session, RunTensorShape shape, DeviceThread thread, CudaRuntime cuda, int device, bool mayCapture)
    {
        _session = session;
        _thread = thread;
        _cuda = cuda;
        _device = device;
        _mayCapture = mayCapture;
        _memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.DeviceAllocator, device, OrtMemType.Default);
        try
        {
            _allocator = new OrtAllocator(session, _memory);
        }
        catch
        {
            _memory.Dispose();
            _plain.Dispose();
            session.Dispose();
            throw;
        }

        try
        {
            _plain.AddRunConfigEntry(GraphId, NoGraph);
            for (var pair = 0; pair < Pairs; pair++)
            {
                _all.Add(new Pair(this, shape, pair + 1));
            }

            session.RunWithBinding(_plain, _all[0].Binding);
        }
        catch
        {
            Dispose();
            throw;
        }

        _all.ForEach(GiveBack);
    }

    /// <inheritdoc/>
    public bool IsGraph { get; private set; }

    /// <inheritdoc/>
    public void Run(ReadOnlySpan<float> images, Span<float> output)
    {
        var pair = Take();
        try
        {
            fixed (float* from = images)
            {
                Copy(pair.Stream, pair.Input, (nint)from, (long)images.Length * sizeof(float));
            }

            _thread.Invoke(() => Run(pair));
            fixed (float* to = output)
            {
                Copy(pair.Stream, (nint)to, pair.Output, (long)output.Length * sizeof(float));
            }
        }
        finally
        {
            GiveBack(pair);
        }
    }

    /// <inheritdoc/>
    public bool TryCapture(out string? problem)
    {
        problem = null;
        if (!_mayCapture || IsGraph)
        {
            return true;
        }

        var taken = new List<Pair>();
        try
        {
            while (taken.Count < Pairs)
            {
                taken.Add(Take());
            }

            var isDone = false;
            string? refused = null;
            _thread.Invoke(() => isDone = CaptureGate.TryCapture(() => refused = Capture()));
            problem = refused;
            return isDone;
        }
        finally
        {
            taken.ForEach(GiveBack);
        }
    }

    /// <inheritdoc/>
    public double Measure()
    {
        var pair = Take();
        var best = double.PositiveInfinity;
        try
        {
            _thread.Invoke(() =>
            {
                for (var run = 0; run < MeasuredRuns; run++)
                {
                    var start = Stopwatch.GetTimestamp();
                    Run(pair);
                    best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
                }
            });
        }
        finally
        {
            GiveBack(pair);
        }

        return best;
    }

    /// <summary>Frees everything; no run may be under way.</summary>
    public void Dispose()
    {
        _all.ForEach(pair => pair.Dispose());
        _plain.Dispose();
        _allocator.Dispose();
        _memory.Dispose();
        _session.Dispose();
        _places.Dispose();
    }

    private void Copy(nint stream, nint to, nint from, long bytes) =>
        CaptureGate.Call(() => _cuda.Copy(_device, stream, to, from, bytes));

    private Pair Take()
    {
        _places.Wait();
        lock (_free)
        {
            return _free.Pop();
        }
    }

    private void GiveBack(Pair pair)
    {
        lock (_free)
        {
            _free.Push(pair);
        }

        _places.Release();
    }

    /// <summary>On the device's thread.</summary>
    private void Run(Pair pair)
    {
        var options = IsGraph ? pair.Graph : _plain;
        CaptureGate.Call(() => _session.RunWithBinding(options, pair.Binding));
    }

    /// <summary>On the device's thread: the first run of a graph's number captures it, the next one replays it.</summary>
    private string? Capture()
    {
        _mayCapture = false;
        try
        {
            foreach (var pair in _all)
            {
                _session.RunWithBinding(pair.Graph, pair.Binding);
                _session.RunWithBinding(pair.Graph, pair.Binding);
            }

            IsGraph = true;
            return null;
        }
        catch (OnnxRuntimeException exception)
        {
            return OnnxMessage.For(exception);
        }
    }

    /// <summary>Input and output on the GPU, bound once, and the stream of their copies.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly CudaShapeSession _owner;
        private readonly OrtMemoryAllocation _input;
        private readonly OrtMemoryAllocation _output;
        private readonly OrtValue _from;
        private readonly OrtValue _to;

        [SuppressMessage("Usage", "CA1816", Justification = "The allocations' finalizers are what must not run; see HostBlock.")]
        internal Pair(CudaShapeSession owner, RunTensorShape shape, int graph)
        {
            _owner = owner;
            _input = owner._allocator.Allocate(checked((uint)shape.InputBytes));
            _output = owner._allocator.Allocate(checked((uint)shape.OutputBytes));
            GC.SuppressFinalize(_input);
            GC.SuppressFinalize(_output);
            Input = _input.DangerousGetHandle();
            Output = _output.DangerousGetHandle();
            _from = OrtValue.CreateTensorValueWithData(owner._memory, TensorElementType.Float, shape.Input, Input, shape.InputBytes);
            _to = OrtValue.CreateTensorValueWithData(owner._memory, TensorElementType.Float, shape.Output, Output, shape.OutputBytes);
            Binding = owner._session.CreateIoBinding();
            Binding.BindInput(ModelSignature.InputName, _from);
            Binding.BindOutput(ModelSignature.OutputName, _to);
            Graph = new RunOptions();
            Graph.AddRunConfigEntry(GraphId, graph.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Stream = owner._cuda.CreateStream(owner._device);
        }

        internal nint Input { get; }

        internal nint Output { get; }

        internal nint Stream { get; }

        internal OrtIoBinding Binding { get; }

        internal RunOptions Graph { get; }

        public void Dispose()
        {
            _owner._cuda.DestroyStream(Stream);
            Graph.Dispose();
            Binding.Dispose();
            _from.Dispose();
            _to.Dispose();
            try
            {
                _input.Dispose();
                _output.Dispose();
            }
            catch (OnnxRuntimeException)
            {
                // The driver refuses when the GPU is lost, and takes back all of it at the end of the process.
            }
        }
    }
}
