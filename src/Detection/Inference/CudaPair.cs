using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Inference;

/// <summary>Input and output of a run on the GPU, bound once, the captured run of them, and the stream of their copies.</summary>
internal sealed class CudaPair : IDisposable
{
    private readonly CudaRuntime _cuda;
    private readonly OrtMemoryAllocation? _input;
    private readonly OrtMemoryAllocation? _output;
    private readonly OrtValue? _from;
    private readonly OrtValue? _to;

    /// <summary>Takes memory, and makes what copies need; what was made is freed again when something fails.</summary>
    /// <param name="session">The session.</param>
    /// <param name="allocator">Its memory on the GPU.</param>
    /// <param name="memory">What that memory is.</param>
    /// <param name="cuda">CUDA's runtime library; the GPU is the calling thread's.</param>
    /// <param name="shape">Input and output of a run.</param>
    /// <exception cref="OnnxRuntimeException">There is not enough memory.</exception>
    /// <exception cref="InsufficientMemoryException">The same, found out here.</exception>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal CudaPair(InferenceSession session, OrtAllocator allocator, OrtMemoryInfo memory, CudaRuntime cuda, RunTensorShape shape)
    {
        _cuda = cuda;
        try
        {
            _input = Own(allocator.Allocate(checked((uint)shape.InputBytes)), shape.InputBytes);
            _output = Own(allocator.Allocate(checked((uint)shape.OutputBytes)), shape.OutputBytes);
            Input = _input.DangerousGetHandle();
            Output = _output.DangerousGetHandle();
            _from = OrtValue.CreateTensorValueWithData(memory, TensorElementType.Float, shape.Input, Input, shape.InputBytes);
            _to = OrtValue.CreateTensorValueWithData(memory, TensorElementType.Float, shape.Output, Output, shape.OutputBytes);
            Binding = session.CreateIoBinding();
            Binding.BindInput(ModelSignature.InputName, _from);
            Binding.BindOutput(ModelSignature.OutputName, _to);
            Stream = cuda.CreateStream();
            Copied = cuda.CreateEvent();
            Ran = cuda.CreateEvent();
            Done = cuda.CreateEvent();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Address of the input.</summary>
    internal nint Input { get; }

    /// <summary>Address of the output.</summary>
    internal nint Output { get; }

    /// <summary>Input and output, bound.</summary>
    internal OrtIoBinding? Binding { get; }

    /// <summary>The stream of its copies.</summary>
    internal nint Stream { get; }

    /// <summary>The input is there.</summary>
    internal nint Copied { get; }

    /// <summary>The output is there.</summary>
    internal nint Ran { get; }

    /// <summary>The output is where the caller wants it.</summary>
    internal nint Done { get; }

    /// <summary>The captured run; 0 for none.</summary>
    internal nint Graph { get; set; }

    /// <summary>Frees everything; no run may be under way.</summary>
    public void Dispose()
    {
        if (Graph != 0)
        {
            _cuda.DestroyGraph(Graph);
        }

        foreach (var created in new[] { Copied, Ran, Done })
        {
            if (created != 0)
            {
                _cuda.DestroyEvent(created);
            }
        }

        if (Stream != 0)
        {
            _cuda.DestroyStream(Stream);
        }

        Binding?.Dispose();
        _from?.Dispose();
        _to?.Dispose();
        try
        {
            _input?.Dispose();
            _output?.Dispose();
        }
        catch (OnnxRuntimeException)
        {
            // The driver refuses when the GPU is lost, and takes back all of it at the end of the process.
        }
    }

    [SuppressMessage("Usage", "CA1816", Justification = "The allocations' finalizers are what must not run; see HostBlock.")]
    private static OrtMemoryAllocation Own(OrtMemoryAllocation allocation, long bytes)
    {
        GC.SuppressFinalize(allocation);
        return allocation.IsInvalid
            ? throw new InsufficientMemoryException($"A tensor on the GPU: expected {bytes} bytes of memory, found less.")
            : allocation;
    }
}
