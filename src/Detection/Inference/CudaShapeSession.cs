using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Inference;

/// <summary>
/// A session on CUDA for one shape and size. Its input and output lie at fixed addresses of the GPU, so that a run can be captured as a
/// CUDA graph when the session is made; from then on ONNX Runtime has no part in its runs. There are two such pairs, so that one request
/// copies while another runs. Where a run cannot be captured, ONNX Runtime makes each on the model's one thread.
/// </summary>
internal sealed unsafe class CudaShapeSession : IShapeSession
{
    private const int Pairs = 2;
    private const int MeasuredImages = 128;
    private const int MostMeasuredRuns = 16;
    private const int CaptureTries = 3;
    private const byte OneImage = 0x3f;
    private const byte AnotherImage = 0x3e;

    /// <summary>Of the largest value: what two runs of the same input may differ by.</summary>
    private const float Rounding = 5e-3f;

    private readonly CudaRuntime _cuda;
    private readonly CudaTurns _turns;
    private readonly DeviceThread _thread;
    private readonly int _device;
    private readonly InferenceSession? _session;
    private readonly OrtMemoryInfo _memory;
    private readonly OrtAllocator? _allocator;
    private readonly RunOptions _plain = new();
    private readonly RunOptions _captured = new();
    private readonly List<CudaPair> _all = [];
    private readonly Stack<CudaPair> _free = new();
    private readonly SemaphoreSlim _places = new(0);
    private readonly int _measuredRuns;
    private readonly nint _stream;

    /// <summary>Makes a session, has it make its plans by a run, and captures its runs.</summary>
    /// <param name="open">
    /// Makes the session in a stream, without ONNX Runtime's own graphs; what it says about why its runs cannot be captured, or null.
    /// </param>
    /// <param name="shape">Input and output of a run.</param>
    /// <param name="thread">Where runs are made that cannot be captured.</param>
    /// <param name="turns">Where the others are.</param>
    /// <param name="cuda">CUDA's runtime library.</param>
    /// <param name="device">The GPU, in the driver's order.</param>
    /// <exception cref="OnnxRuntimeException">The model is refused, the run failed, or there is not enough memory.</exception>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal CudaShapeSession(
        Func<nint, (InferenceSession Session, string? Problem)> open,
        RunTensorShape shape,
        DeviceThread thread,
        CudaTurns turns,
        CudaRuntime cuda,
        int device)
    {
        (_cuda, _turns, _thread, _device) = (cuda, turns, thread, device);
        _measuredRuns = Math.Clamp(MeasuredImages / shape.Size, 1, MostMeasuredRuns);
        _memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.DeviceAllocator, device, OrtMemType.Default);
        cuda.Use(device);
        _stream = cuda.CreateStream();
        try
        {
            CudaRunOptions.SkipGraph(_plain);
            CudaRunOptions.SkipGraph(_captured);
            CudaRunOptions.SkipWait(_captured);
            (_session, Note) = CudaMaking.Make(() => open(_stream));
            _allocator = new OrtAllocator(_session, _memory);
            CudaMaking.Make(() => MakePlans(shape));
            if (Note is null)
            {
                CudaMaking.Capture(() => Capture(shape));
            }
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
    public string? Note { get; private set; }

    /// <inheritdoc/>
    public void Run(ReadOnlySpan<float> images, Span<float> output)
    {
        var pair = Take();
        try
        {
            fixed (float* from = images)
            fixed (float* to = output)
            {
                Run(pair, (nint)from, (long)images.Length * sizeof(float), (nint)to, (long)output.Length * sizeof(float));
            }
        }
        finally
        {
            GiveBack(pair);
        }
    }

    /// <inheritdoc/>
    public double Measure(TimeSpan atLeast)
    {
        var pair = Take();
        try
        {
            var best = double.PositiveInfinity;
            var begun = Stopwatch.GetTimestamp();
            _cuda.Use(_device);
            do
            {
                best = Math.Min(best, IsGraph ? _turns.Measure(pair.Graph, _measuredRuns) : MeasurePlainly(pair));
            }
            while (Stopwatch.GetElapsedTime(begun) < atLeast);

            return best;
        }
        finally
        {
            GiveBack(pair);
        }
    }

    /// <summary>Frees everything; no run may be under way.</summary>
    public void Dispose()
    {
        // Freeing waits for the whole GPU, which ends a capture.
        CudaMaking.Make(() =>
        {
            _all.ForEach(pair => pair.Dispose());
            _allocator?.Dispose();
            _session?.Dispose();
            _cuda.DestroyStream(_stream);
        });
        _plain.Dispose();
        _captured.Dispose();
        _memory.Dispose();
        _places.Dispose();
    }

    private void Run(CudaPair pair, nint from, long inputBytes, nint to, long outputBytes)
    {
        _cuda.Use(_device);
        try
        {
            _cuda.Copy(pair.Stream, pair.Input, from, inputBytes);
            Run(pair);
            _cuda.Copy(pair.Stream, to, pair.Output, outputBytes);
            _cuda.Record(pair.Done, pair.Stream);
            _cuda.WaitFor(pair.Done);
        }
        catch (GpuException)
        {
            // The caller's memory must not be written to after this.
            _cuda.Quiet(pair.Stream);
            throw;
        }
    }

    private double MeasurePlainly(CudaPair pair)
    {
        var start = Stopwatch.GetTimestamp();
        Run(pair);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Has a run follow what is in the pair's stream, and what follows in that stream wait for it.</summary>
    private void Run(CudaPair pair)
    {
        if (IsGraph)
        {
            _cuda.Record(pair.Copied, pair.Stream);
            _turns.Launch(pair.Graph, pair.Copied, pair.Ran);
            _cuda.HoldBack(pair.Stream, pair.Ran);
        }
        else
        {
            _cuda.Wait(pair.Stream);
            _thread.Invoke(() => RunPlainly(pair));
        }
    }

    /// <summary>The first run makes the plans, the second one shows that nothing is made any more.</summary>
    private void MakePlans(RunTensorShape shape)
    {
        while (_all.Count < Pairs)
        {
            _all.Add(new CudaPair(_session!, _allocator!, _memory, _cuda, shape));
        }

        for (var run = 0; run < 2; run++)
        {
            RunPlainly(_all[0]);
        }
    }

    /// <summary>ONNX Runtime makes the run; it does not always wait for a stream that is not its own.</summary>
    private void RunPlainly(CudaPair pair)
    {
        _session!.RunWithBinding(_plain, pair.Binding);
        _cuda.Wait(_stream);
    }

    /// <summary>
    /// Captures a run for each pair, and compares what it gives with what ONNX Runtime gives. A graph holds addresses: one that read
    /// something from another place than the pair's input would go on giving what it gave when it was captured.
    /// </summary>
    private void Capture(RunTensorShape shape)
    {
        try
        {
            var expected = new float[shape.OutputBytes / sizeof(float)];
            var found = new float[expected.Length];
            Fill(_all[0], shape, OneImage);
            RunPlainly(_all[0]);
            Read(_all[0], expected);
            foreach (var pair in _all)
            {
                Fill(pair, shape, AnotherImage);
                pair.Graph = Capture(pair);
            }

            // The first one last: what the second capture may have done to it shows.
            foreach (var pair in Enumerable.Reverse(_all))
            {
                Fill(pair, shape, OneImage);
                _cuda.Launch(pair.Graph, pair.Stream);
                Read(pair, found);
                if (!AreSame(expected, found))
                {
                    Note = "a captured run gave other numbers than ONNX Runtime";
                    return;
                }
            }

            IsGraph = true;
        }
        catch (Exception exception) when (
            exception is OnnxRuntimeException or GpuException && !SessionFault.IsOutOfMemory(exception))
        {
            Note = exception is OnnxRuntimeException refused ? OnnxMessage.For(refused) : exception.Message;
        }
    }

    /// <summary>A call of another thread that waits for the whole GPU ends a capture: it is tried again.</summary>
    private nint Capture(CudaPair pair)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return _cuda.Capture(_stream, () => _session!.RunWithBinding(_captured, pair.Binding));
            }
            catch (Exception exception) when (attempt < CaptureTries && exception is OnnxRuntimeException or GpuException)
            {
                RunPlainly(pair);
            }
        }
    }

    private void Fill(CudaPair pair, RunTensorShape shape, byte value)
    {
        _cuda.Fill(pair.Stream, pair.Input, value, shape.InputBytes);
        _cuda.Wait(pair.Stream);
    }

    private void Read(CudaPair pair, float[] output)
    {
        fixed (float* to = output)
        {
            _cuda.Copy(pair.Stream, (nint)to, pair.Output, (long)output.Length * sizeof(float));
            _cuda.Wait(pair.Stream);
        }
    }

    /// <summary>Bit for bit nearly always; a kernel that adds in no fixed order is the exception.</summary>
    internal static bool AreSame(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        if (expected.SequenceEqual(found))
        {
            return true;
        }

        var largest = 0f;
        foreach (var value in expected)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        for (var i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - found[i]) <= Rounding * largest))
            {
                return false;
            }
        }

        return true;
    }

    private CudaPair Take()
    {
        _places.Wait();
        lock (_free)
        {
            return _free.Pop();
        }
    }

    private void GiveBack(CudaPair pair)
    {
        lock (_free)
        {
            _free.Push(pair);
        }

        _places.Release();
    }
}
