using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Inference;

/// <summary>
/// Memory of this machine that a session's tensors lie in, from an allocator of that session: it has to go before the session does.
/// </summary>
internal sealed class HostMemory : IDisposable
{
    private readonly OrtAllocator _allocator;

    private HostMemory(OrtAllocator allocator, bool isPinned, string? note)
    {
        _allocator = allocator;
        IsPinned = isPinned;
        Note = note;
    }

    /// <summary>Whether the GPU reads and writes it itself.</summary>
    internal bool IsPinned { get; }

    /// <summary>Why it is not page-locked although it was meant to be; null otherwise.</summary>
    internal string? Note { get; }

    /// <summary>
    /// Page-locked memory; pageable memory with a note where the session offers none. ONNX Runtime finds the allocator by the device, and
    /// some versions have it under device 0 whatever GPU they run on.
    /// </summary>
    /// <param name="session">A session on CUDA or TensorRT.</param>
    /// <param name="deviceId">Its GPU.</param>
    internal static HostMemory Pinned(InferenceSession session, int deviceId)
    {
        var problem = "";
        foreach (var device in new[] { deviceId, 0 }.Distinct())
        {
            try
            {
                using var wanted = new OrtMemoryInfo(
                    OrtMemoryInfo.allocatorCUDA_PINNED, OrtAllocatorType.DeviceAllocator, device, OrtMemType.CpuOutput);
                return new HostMemory(new OrtAllocator(session, wanted), isPinned: true, note: null);
            }
            catch (OnnxRuntimeException exception)
            {
                problem = exception.Message;
            }
        }

        return Pageable(session, $"expected an allocator of page-locked memory in the session, found none: {problem}");
    }

    /// <summary>Memory of the session's CPU allocator.</summary>
    internal static HostMemory Pageable(InferenceSession session, string? note = null)
    {
        using var wanted = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.DeviceAllocator, 0, OrtMemType.Default);
        return new HostMemory(new OrtAllocator(session, wanted), isPinned: false, note);
    }

    /// <summary>Allocates a block.</summary>
    /// <exception cref="OnnxRuntimeException">There is not enough memory.</exception>
    /// <exception cref="InsufficientMemoryException">
    /// There is not enough memory, or the block would be larger than an allocator gives.
    /// </exception>
    internal HostBlock Allocate(long bytes)
    {
        if (bytes > uint.MaxValue)
        {
            throw new InsufficientMemoryException($"A tensor: expected at most {uint.MaxValue} bytes, found {bytes}.");
        }

        var allocation = _allocator.Allocate((uint)bytes);
        if (allocation.IsInvalid)
        {
            allocation.Dispose();
            throw new InsufficientMemoryException($"A tensor: expected {bytes} bytes of memory, found less.");
        }

        return new HostBlock(allocation);
    }

    /// <summary>Lets the allocator go; every block has to be gone.</summary>
    public void Dispose() => _allocator.Dispose();
}
