using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Nanodet.Detection.Inference;

/// <summary>A piece of memory that ONNX Runtime allocated, for tensors of any shape that fits.</summary>
internal sealed unsafe class HostBlock : IDisposable
{
    private readonly OrtMemoryAllocation _allocation;

    /// <summary>Takes over an allocation.</summary>
    /// <param name="allocation">The memory; freed here.</param>
    [SuppressMessage("Usage", "CA1816", Justification = "The allocation's finalizer is what must not run.")]
    internal HostBlock(OrtMemoryAllocation allocation)
    {
        _allocation = allocation;
        Bytes = allocation.Size;

        // Finalizers have no order: this one might free into an allocator that is gone, which ends the process. A block that nobody
        // disposes is lost instead.
        GC.SuppressFinalize(allocation);
    }

    /// <summary>Its size.</summary>
    internal long Bytes { get; }

    private nint Address => _allocation.IsClosed ? throw new ObjectDisposedException(nameof(HostBlock)) : _allocation.DangerousGetHandle();

    /// <summary>A part of it; valid until it is disposed.</summary>
    internal Span<float> Floats(long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((start + length) * sizeof(float), Bytes);
        return new Span<float>((float*)Address + start, length);
    }

    /// <summary>
    /// Its beginning as a float32 tensor; dispose that before this. Page-locked memory is declared as the CPU's, which it is for whoever
    /// reads it: ONNX Runtime 1.31 does not write into an output that is declared page-locked, and the copy is as fast either way.
    /// </summary>
    internal OrtValue AsOrtValue(long[] shape) =>
        OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape, Address, Bytes);

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        try
        {
            _allocation.Dispose();
        }
        catch (OnnxRuntimeException)
        {
            // The driver refuses when the GPU is lost, and takes back all that was locked by its context at the end of the process.
        }
    }
}
