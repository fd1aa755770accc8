using System.Runtime.InteropServices;

namespace Nanodet.Detection.Natives;

/// <summary>
/// The few calls of CUDA's runtime library that copies need. ONNX Runtime's provider has loaded the library already; nothing is linked.
/// </summary>
internal sealed unsafe class CudaRuntime
{
    private const int NonBlocking = 1;
    private const int ByAddress = 4;

    private readonly delegate* unmanaged<int, int> _setDevice;
    private readonly delegate* unmanaged<nint*, uint, int> _createStream;
    private readonly delegate* unmanaged<nint, int> _destroyStream;
    private readonly delegate* unmanaged<nint, nint, nuint, int, nint, int> _copy;
    private readonly delegate* unmanaged<nint, int> _synchronize;
    private readonly delegate* unmanaged<int, nint> _describe;

    private CudaRuntime(nint library)
    {
        _setDevice = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, "cudaSetDevice");
        _createStream = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(library, "cudaStreamCreateWithFlags");
        _destroyStream = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaStreamDestroy");
        _copy = (delegate* unmanaged<nint, nint, nuint, int, nint, int>)NativeLibrary.GetExport(library, "cudaMemcpyAsync");
        _synchronize = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaStreamSynchronize");
        _describe = (delegate* unmanaged<int, nint>)NativeLibrary.GetExport(library, "cudaGetErrorString");
    }

    /// <summary>Loads the library of a major version; null with the reason when that is not possible.</summary>
    /// <param name="major">CUDA's major version that ONNX Runtime's provider links; null when it is not known.</param>
    /// <param name="problem">Why there is none; empty otherwise.</param>
    internal static CudaRuntime? Load(int? major, out string problem)
    {
        if (major is null)
        {
            problem = "the version of CUDA's runtime library is not known";
            return null;
        }

        var name = OperatingSystem.IsWindows() ? $"cudart64_{major}.dll" : $"libcudart.so.{major}";
        try
        {
            problem = string.Empty;
            return new CudaRuntime(NativeLibrary.Load(name));
        }
        catch (Exception exception) when (
            exception is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            problem = $"{name} cannot be used: {exception.Message}";
            return null;
        }
    }

    /// <summary>A stream of its own on a GPU.</summary>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal nint CreateStream(int device)
    {
        nint stream;
        Require(_setDevice(device), "cudaSetDevice");
        Require(_createStream(&stream, NonBlocking), "cudaStreamCreate");
        return stream;
    }

    /// <summary>Lets a stream go. What CUDA says is ignored: after a lost GPU it refuses everything.</summary>
    internal void DestroyStream(nint stream) => _ = _destroyStream(stream);

    /// <summary>Copies between any two addresses that CUDA knows, and waits for the copy.</summary>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal void Copy(int device, nint stream, nint to, nint from, long bytes)
    {
        Require(_setDevice(device), "cudaSetDevice");
        Require(_copy(to, from, (nuint)bytes, ByAddress, stream), "cudaMemcpyAsync");
        Require(_synchronize(stream), "cudaStreamSynchronize");
    }

    private void Require(int code, string call)
    {
        if (code != 0)
        {
            throw new GpuException($"CUDA error {code} in {call}: {Marshal.PtrToStringUTF8(_describe(code))}");
        }
    }
}
