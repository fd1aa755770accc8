using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Nanodet.Serverless.Pipeline.Runs;

/// <summary>A piece of memory that ONNX Runtime allocated, for tensors of any shape that fits.</summary>
/// <param name="allocation">The memory; freed here.</param>
/// <param name="kind">What memory it is; belongs to the allocator.</param>
internal sealed unsafe class HostBlock(OrtMemoryAllocation allocation, OrtMemoryInfo kind) : IDisposable
{
    /// <summary>Its size.</summary>
    internal long Bytes { get; } = allocation.Size;

    private nint Address => allocation.IsClosed ? throw new ObjectDisposedException(nameof(HostBlock)) : allocation.DangerousGetHandle();

    /// <summary>A part of it; valid until it is disposed.</summary>
    internal Span<float> Floats(long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((start + length) * sizeof(float), Bytes);
        return new Span<float>((float*)Address + start, length);
    }

    /// <summary>Its beginning as a float32 tensor; dispose that before this.</summary>
    internal OrtValue AsOrtValue(long[] shape) =>
        OrtValue.CreateTensorValueWithData(kind, TensorElementType.Float, shape, Address, Bytes);

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        try
        {
            allocation.Dispose();
        }
        catch (OnnxRuntimeException)
        {
            // The driver refuses when the GPU is lost, and takes back all that was locked by its context at the end of the process.
        }
    }
}
